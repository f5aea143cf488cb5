import { readFile, rm, stat, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import Database from "better-sqlite3"
import { expect, onTestFinished, test } from "vitest"
import { createHook, openStorage } from "../src/index.ts"
import { newSqliteFile, testKeyRing } from "./databases.ts"
import { openTogether } from "./open-together.ts"

const keyRing = testKeyRing()

async function newDatabase() {
  const databaseUrl = await newSqliteFile()
  return { databaseUrl, path: fileURLToPath(databaseUrl) }
}

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

test("a file with damaged pages is refused, and left as it is", async () => {
  const { databaseUrl, path } = await newDatabase()
  const storage = await openStorage({ databaseUrl, keyRing })
  for (let number = 0; number < 50; number += 1)
    await createHook(storage, {
      name: `hook-${number}`,
      script: "x".repeat(3_000),
      triggerId: "send-phone-message",
    })
  await storage.close()
  const bytes = await readFile(path)
  bytes.fill(0xff, 20 * 4_096, 40 * 4_096)
  await writeFile(path, bytes)
  await expect(openStorage({ databaseUrl, keyRing })).rejects.toThrow(/is damaged \(.+\): restore a copy/)
})

test("a file that was removed or replaced while it was open is noticed", async () => {
  const { databaseUrl, path } = await newDatabase()
  const storage = await openStorage({ databaseUrl, keyRing })
  onTestFinished(() => storage.close())
  await storage.dialect.probe()
  await rm(path)
  await expect(storage.dialect.probe()).rejects.toThrow(/was removed while it was open/)
  await writeFile(path, "")
  await expect(storage.dialect.probe()).rejects.toThrow(/was replaced by another one/)
})

test("processes that open new databases together agree on one schema and one signing key", async () => {
  const { databaseUrl } = await newDatabase()
  const kids = await openTogether(Array.from({ length: 20 }, (_, number) => databaseUrl + number))
  expect(kids[0]).toMatch(/^[\w-]{43}$/)
  expect(new Set(kids).size).toBe(1)
}, 60_000)
