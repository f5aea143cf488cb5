import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { pathToFileURL } from "node:url"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import Database from "better-sqlite3"
import { expect, onTestFinished, test } from "vitest"
import { createHook, getHook, openStorage } from "../src/index.ts"

const masterKey = generateMasterKey()
const keyRing = createKeyRing(masterKey)

async function newDatabase() {
  const folder = await mkdtemp(join(tmpdir(), "hooklane-storage-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, "data", "hooklane.db")
  return { path, databaseUrl: pathToFileURL(path).href }
}

test("a database that is opened again goes on where it was", async () => {
  const { databaseUrl } = await newDatabase()
  const first = await openStorage({ databaseUrl, keyRing })
  const hook = await createHook(first, { name: "a-hook", script: "code", triggerId: "send-phone-message" })
  await first.close()

  const second = await openStorage({ databaseUrl, keyRing })
  onTestFinished(() => second.close())
  expect(await getHook(second, hook.id)).toEqual(hook)
})

test.skipIf(process.platform === "win32")("only its owner may read a new database", async () => {
  const { databaseUrl, path } = await newDatabase()
  const storage = await openStorage({ databaseUrl, keyRing })
  onTestFinished(() => storage.close())
  const modes = await Promise.all(
    [path, `${path}-wal`, `${path}-shm`].map(async (file) => (await stat(file)).mode),
  )
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(["600", "600", "600"])
})

test("a database of a newer release is refused and left as it is", async () => {
  const { databaseUrl, path } = await newDatabase()
  await (await openStorage({ databaseUrl, keyRing })).close()
  const newer = new Database(path)
  newer.pragma("user_version = 1000")
  newer.close()

  await expect(openStorage({ databaseUrl, keyRing })).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringContaining("newer release (its schema is number 1000"),
  })
  const after = new Database(path, { readonly: true })
  onTestFinished(() => {
    after.close()
  })
  expect(after.pragma("user_version", { simple: true })).toBe(1000)
})

test("a file that is not a database is refused with the reason", async () => {
  const { databaseUrl, path } = await newDatabase()
  await (await openStorage({ databaseUrl, keyRing })).close()
  await writeFile(path, "this is a text, and by its length it is no empty database either".repeat(100))
  await expect(openStorage({ databaseUrl, keyRing })).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringMatching(/cannot be opened: .*not a database/),
  })
})

test("an address that is not a file is refused", async () => {
  await expect(openStorage({ databaseUrl: "http://localhost/db", keyRing })).rejects.toMatchObject({
    code: "invalid_setting",
  })
})

test("processes that open new databases together agree on one schema and one signing key", async () => {
  const { databaseUrl } = await newDatabase()
  const script = `
    import { currentSigningKey, openStorage } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)}
    import { createKeyRing } from ${JSON.stringify(new URL("../../core/src/keyring.ts", import.meta.url).href)}
    const [, databaseUrl, masterKey, startAt] = process.argv
    const keyRing = createKeyRing(masterKey)
    for (let number = 1; number <= 20; number++) {
      while (Date.now() < Number(startAt) + number * 25);
      const storage = await openStorage({ databaseUrl: databaseUrl + number, keyRing })
      if (number === 20) process.stdout.write((await currentSigningKey(storage)).kid)
      await storage.close()
    }`
  const startAt = String(Date.now() + 1_000)
  const kids = await Promise.all(
    [1, 2, 3].map(async () => {
      const args = ["--input-type=module", "-e", script, databaseUrl, masterKey, startAt]
      const opener = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
      const [output, [code]] = await Promise.all([text(opener.stdout), once(opener, "exit")])
      expect(code).toBe(0)
      return output
    }),
  )
  expect(kids[0]).toMatch(/^[\w-]{43}$/)
  expect(new Set(kids).size).toBe(1)
})
