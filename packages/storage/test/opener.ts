import { createKeyRing } from "@hooklane/core/keyring"
import { currentSigningKey, openStorage } from "../src/index.ts"

/** How long after the one before each database is opened, whether that took long or not. */
const EVERY_MS = 25

const [, , masterKey = "", startAt, ...databaseUrls] = process.argv
const keyRing = createKeyRing(masterKey)
for (const [index, databaseUrl] of databaseUrls.entries()) {
  while (Date.now() < Number(startAt) + index * EVERY_MS);
  const storage = await openStorage({ databaseUrl, keyRing })
  if (index === databaseUrls.length - 1) process.stdout.write((await currentSigningKey(storage)).kid)
  await storage.close()
}
