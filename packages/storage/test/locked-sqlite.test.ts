import { spawnSync } from "node:child_process"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import Database from "better-sqlite3"
import { expect, onTestFinished, test } from "vitest"
import { createClient, createHook, listHooks, openStorage } from "../src/index.ts"
import { newSqliteFile, testKeyRing } from "./databases.ts"

const HOOK = { name: "a-hook", script: "code", triggerId: "send-phone-message" } as const

/** A database that somebody else has locked: for writing, or for everything. */
async function lockedDatabase({ how = "begin immediate" } = {}) {
  const databaseUrl = await newSqliteFile()
  const storage = await openStorage({ databaseUrl, keyRing: testKeyRing() })
  onTestFinished(() => storage.close())
  const other = new Database(fileURLToPath(databaseUrl))
  onTestFinished(() => void other.close())
  other.exec(how)
  return { storage, other }
}

test("while another process writes, a write waits for it and the thread works on", async () => {
  const { storage, other } = await lockedDatabase()
  const saved = createHook(storage, HOOK)
  const single = createClient(storage, { name: "c", scopes: [] })
  const startedAt = performance.now()
  for (let turns = 0; turns < 5; turns += 1) {
    await setTimeout(10)
    expect((await listHooks(storage, { offset: 0, limit: 9 })).total).toBe(0)
  }
  // Far below the 5 s that SQLite itself would have held the thread.
  expect(performance.now() - startedAt).toBeLessThan(2_500)
  other.exec("commit")
  expect(await saved).toMatchObject(HOOK)
  expect((await single).client.name).toBe("c")
})

test("a lock that lasts is told of by its code, after 5 s", async () => {
  const { storage } = await lockedDatabase({ how: "begin exclusive" })
  const outcomes = await Promise.allSettled([
    createHook(storage, HOOK),
    createClient(storage, { name: "c", scopes: [] }),
  ])
  expect(outcomes).toMatchObject([
    { status: "rejected", reason: { code: "database_unavailable" } },
    { status: "rejected", reason: { cause: { code: "SQLITE_BUSY" } } },
  ])
})

test("a disk that is full is told of by its code, and forgotten when there is room", async (context) => {
  const databaseUrl = await newSqliteFile()
  const folder = dirname(fileURLToPath(databaseUrl))
  await mkdir(folder, { recursive: true })
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status !== 0)
    return context.skip("a file system of its own takes the rights of root")
  onTestFinished(() => void spawnSync("umount", ["-l", folder]))
  const storage = await openStorage({ databaseUrl, keyRing: testKeyRing() })
  onTestFinished(() => storage.close())
  const filler = join(folder, "filler")
  await writeFile(filler, "x".repeat(2_000_000)).catch(() => undefined)
  const big = { ...HOOK, script: "x".repeat(90_000) }
  await expect(createHook(storage, big)).rejects.toMatchObject({ code: "database_unavailable" })
  await expect(storage.dialect.probe()).rejects.toThrow(/cannot be written: .*full/)
  await rm(filler)
  await storage.dialect.probe()
  expect(await createHook(storage, big)).toMatchObject({ name: HOOK.name })
})
