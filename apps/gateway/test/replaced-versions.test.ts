import { randomUUID } from "node:crypto"
import type { ExecutionStatus, Snapshot } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import {
  dropVersions,
  listReplacedVersions,
  loadSnapshot,
  openConnection,
  publishSnapshot,
  takeWantedVersions,
} from "@hooklane/queue"
import {
  createHook,
  findHistoryStart,
  findVersionsInUse,
  getCurrentSnapshot,
  getSnapshot,
  openStorage,
  recordExecutions,
} from "@hooklane/storage"
import { pino } from "pino"
import { expect, inject, onTestFinished, test } from "vitest"
import { dropReplacedVersions, type ReplacedVersionsDeps } from "../src/replaced-versions.ts"
import { publishWanted } from "../src/wanted-versions.ts"

const MINUTES_MS = 120_000
const SCRIPT = "x".repeat(90_000)

async function openParts() {
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: createKeyRing(generateMasterKey()) })
  const connection = openConnection({ url: inject("redisUrl"), prefix: `test-${randomUUID()}` })
  const keysOf = () => connection.commands.run((client) => client.keys(`${connection.prefix}:*`))
  onTestFinished(async () => {
    const keys = await keysOf()
    if (keys.length > 0) await connection.commands.run((client) => client.unlink(keys))
    await connection.close()
    await storage.close()
  })
  const hook = await createHook(storage, { name: "h", script: SCRIPT, triggerId: "post-user-registration" })
  const current = await getCurrentSnapshot(storage, hook.id)
  const deps: ReplacedVersionsDeps = {
    takeTurn: async () => true,
    listReplaced: (choice) => listReplacedVersions(connection, choice),
    isHistoryWhole: async () => true,
    findInUse: (hookId) => findVersionsInUse(storage, hookId),
    findHistoryStart: () => findHistoryStart(storage),
    drop: (versions) => dropVersions(connection, versions),
    now: () => Date.now() + MINUTES_MS,
  }
  const publish = async (versionId: string) => {
    await publishSnapshot(connection, { snapshot: { ...current, versionId }, retentionDays: 14 })
  }
  const record = (versionId: string, status: ExecutionStatus) =>
    recordExecutions(storage, [
      {
        head: {
          executionId: `exe_${versionId}`,
          triggerId: current.triggerId,
          hookId: hook.id,
          hookName: "h",
          versionId,
          acceptedAt: Date.now(),
        },
        at: Date.now(),
        status,
      },
    ])
  const bytes = async () => {
    const keys = await keysOf()
    const sizes = await Promise.all(keys.map((key) => connection.commands.client.memory("USAGE", key)))
    return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  }
  return { storage, connection, current, deps, publish, record, bytes }
}

test("2,000 saves with an event each leave the last versions and those that a job waits for", {
  timeout: 60_000,
}, async () => {
  const { connection, deps, publish, record, bytes } = await openParts()
  await record("older", "succeeded")
  for (let number = 0; number < 2_000; number += 1) await publish(`ver_${number}`)
  await record("ver_7", "queued")
  await record("ver_8", "retrying")
  await record("ver_9", "succeeded")
  expect(await bytes()).toBeGreaterThan(180_000_000)
  await dropReplacedVersions(deps)
  expect(await bytes()).toBeLessThan(3_000_000)
  const there = await Promise.all(
    ["ver_7", "ver_8", "ver_9", "ver_1979", "ver_1980"].map((id) => loadSnapshot(connection, id)),
  )
  expect(there.map((one) => one?.versionId)).toEqual(["ver_7", "ver_8", undefined, undefined, "ver_1980"])
})

test("nothing is dropped while the history does not know all that waits, or another gateway has its turn", async () => {
  const { deps, publish, record, bytes } = await openParts()
  await record("older", "succeeded")
  for (let number = 0; number < 25; number += 1) await publish(`ver_${number}`)
  const before = await bytes()
  await dropReplacedVersions({ ...deps, isHistoryWhole: async () => false })
  await dropReplacedVersions({ ...deps, takeTurn: async () => false })
  await dropReplacedVersions({ ...deps, now: Date.now })
  const findHistoryStart = async () => new Date(Date.now() + MINUTES_MS)
  await dropReplacedVersions({ ...deps, findHistoryStart })
  expect(await bytes()).toBe(before)
})

test("a version that a worker misses is published again, unless it was deleted", async () => {
  const { storage, connection, current } = await openParts()
  const published: Snapshot[] = []
  expect(await loadSnapshot(connection, current.versionId)).toBeUndefined()
  expect(await loadSnapshot(connection, "deleted")).toBeUndefined()
  await publishWanted({
    takeWanted: () => takeWantedVersions(connection),
    getSnapshot: (versionId) => getSnapshot(storage, versionId),
    publish: async (snapshot) => void published.push(snapshot),
    log: pino({ level: "silent" }),
  })
  expect(published).toEqual([current])
})
