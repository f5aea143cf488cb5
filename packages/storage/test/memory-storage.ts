import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { onTestFinished } from "vitest"
import { openStorage, type Storage } from "../src/index.ts"

/** An empty database of the running test. */
export async function memoryStorage(): Promise<Storage> {
  const storage = await openStorage({
    databaseUrl: ":memory:",
    keyRing: createKeyRing(generateMasterKey()),
  })
  onTestFinished(() => storage.close())
  return storage
}
