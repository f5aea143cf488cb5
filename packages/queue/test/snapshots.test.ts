import type { Snapshot } from "@hooklane/core"
import { expect, test } from "vitest"
import {
  dropVersions,
  listReplacedVersions,
  loadSnapshot,
  publishSnapshot,
  takeWantedVersions,
} from "../src/index.ts"
import { keepingLog, testConnection } from "./support.ts"

const snapshot: Snapshot = {
  versionId: "ver_1",
  hookId: "01HOOK",
  hookName: "welcome",
  number: 3,
  triggerId: "post-user-registration",
  script: "module.exports = (user, context, cb) => cb()",
  dependencies: { lodash: "4.17.21" },
  sealedSecrets: { KEY: "key.sealed" },
}

test("a published version is loaded as it was", async () => {
  const connection = testConnection()
  await publishSnapshot(connection, { snapshot, retentionDays: 14 })
  expect(await loadSnapshot(connection, "ver_1")).toEqual(snapshot)
})

test("a version that was never published is not there", async () => {
  expect(await loadSnapshot(testConnection(), "ver_2")).toBeUndefined()
})

test("publishing again begins the time anew", async () => {
  const connection = testConnection()
  const ttl = () => connection.commands.run((client) => client.ttl(`${connection.prefix}:snapshot:ver_1`))
  await publishSnapshot(connection, { snapshot, retentionDays: 1 })
  expect(await ttl()).toBeLessThanOrEqual(86_400)
  await publishSnapshot(connection, { snapshot, retentionDays: 14 })
  expect(await ttl()).toBeGreaterThan(13 * 86_400)
})

test.each(["{", "{}", "null"])("what is no snapshot (%s) counts as missing and is logged", async (text) => {
  const log = keepingLog()
  const connection = testConnection({ log })
  await connection.commands.run((client) => client.set(`${connection.prefix}:snapshot:ver_1`, text))
  expect(await loadSnapshot(connection, "ver_1")).toBeUndefined()
  expect(log.messages).toEqual(["snapshot does not parse"])
})

test("a version that is not there is asked for once, by the one who takes the request", async () => {
  const connection = testConnection()
  expect(await loadSnapshot(connection, "ver_0")).toBeUndefined()
  expect(await takeWantedVersions(connection)).toEqual(["ver_0"])
  expect(await takeWantedVersions(connection)).toEqual([])
})

test("of each hook the versions published last are kept, and what is dropped is gone", async () => {
  const connection = testConnection()
  for (const [hookId, count] of [["busy", 5] as const, ["calm", 2] as const])
    for (let number = 0; number < count; number += 1)
      await publishSnapshot(connection, {
        snapshot: { ...snapshot, hookId, versionId: `${hookId}_${number}` },
        retentionDays: 14,
      })
  expect(await listReplacedVersions(connection, { keep: 2, replacedBefore: 0 })).toEqual([])
  const replaced = { hookId: "busy", versionIds: ["busy_0", "busy_1", "busy_2"] }
  const now = { keep: 2, replacedBefore: Date.now() + 1_000 }
  expect(await listReplacedVersions(connection, now)).toMatchObject([
    { hookId: "busy", versions: replaced.versionIds.map((versionId) => ({ versionId })) },
  ])
  await dropVersions(connection, replaced)
  expect(await listReplacedVersions(connection, now)).toEqual([])
  expect(await loadSnapshot(connection, "busy_2")).toBeUndefined()
  expect(await loadSnapshot(connection, "busy_3")).toBeDefined()
})
