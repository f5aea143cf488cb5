import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { generateMasterKey } from "@hooklane/core/keyring"
import { expect } from "vitest"

const OPENER = new URL("./opener.ts", import.meta.url).pathname

/** Opens each database, in turn, by three processes at the same moment; gives the signing keys that each found. */
export async function openTogether(databaseUrls: readonly string[]): Promise<string[]> {
  const masterKey = generateMasterKey()
  const startAt = String(Date.now() + 1_000)
  return Promise.all(
    [1, 2, 3].map(async () => {
      const args = [OPENER, masterKey, startAt, ...databaseUrls]
      const opener = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
      const [output, [code]] = await Promise.all([text(opener.stdout), once(opener, "exit")])
      expect(code).toBe(0)
      return output
    }),
  )
}
