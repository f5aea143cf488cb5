import type { ExecutionRecord } from "@hooklane/core"
import { expect, test } from "vitest"
import {
  createHook,
  currentSigningKey,
  deleteHook,
  findPendingBuild,
  finishBuild,
  getBundle,
  getHook,
  getVersion,
  listExecutions,
  listHooks,
  listPublicKeys,
  listVersions,
  pruneBundles,
  pruneExecutions,
  recordExecutions,
  rotateSigningKey,
  type Storage,
  updateHook,
} from "../src/index.ts"
import { onEachSharedDatabase } from "./databases.ts"
import { attemptOf, executionRecord } from "./execution-record.ts"

const triggerId = "send-phone-message"
const everything = { offset: 0, limit: 100 }
const ROUNDS = 10
const BUILT = {
  status: "built" as const,
  log: "",
  lock: {},
  lockHash: "lock",
  specifiers: ["ms"],
  bundleId: "bundle",
  code: "module.exports = {}",
}

function newHook(storage: Storage, name: string, enabled = false) {
  return createHook(storage, { name, script: "code", triggerId, enabled })
}

function succeeded(executionId: string): ExecutionRecord {
  return executionRecord({ head: { executionId }, attempt: attemptOf({}) })
}

function queued(executionId: string): ExecutionRecord {
  return executionRecord({ head: { executionId }, at: 1_000, status: "queued" })
}

onEachSharedDatabase((newDatabase) => {
  async function twoGateways(): Promise<[Storage, Storage]> {
    const { open } = await newDatabase()
    return Promise.all([open(), open()])
  }

  test("two gateways that enable two hooks of one trigger at once leave one of them enabled", async () => {
    const [one, other] = await twoGateways()
    const first = await newHook(one, "first")
    const second = await newHook(other, "second")
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        updateHook(one, first.id, { enabled: true }),
        updateHook(other, second.id, { enabled: true }),
      ])
      expect((await listHooks(one, { ...everything, enabled: true })).total).toBe(1)
    }
  })

  test("two gateways that make enabled hooks of one trigger at once leave one of them enabled", async () => {
    const [one, other] = await twoGateways()
    await newHook(one, "before", true)
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([newHook(one, `one-${round}`, true), newHook(other, `other-${round}`, true)])
      expect((await listHooks(one, { ...everything, enabled: true })).total).toBe(1)
    }
  })

  test("saves of one hook by two gateways are all kept, each as a version", async () => {
    const [one, other] = await twoGateways()
    const { id } = await newHook(one, "a-hook")
    const dependencies = (n: number) => ({ dependencies: { [`package-${n}`]: "1.0.0" } })
    await Promise.all(
      Array.from({ length: ROUNDS }, (_, n) => updateHook(n % 2 ? one : other, id, dependencies(n))),
    )
    const { versions } = await listVersions(one, id, everything)
    const numbers = Array.from({ length: ROUNDS + 1 }, (_, n) => ROUNDS + 1 - n)
    expect(versions.map((version) => version.number)).toEqual(numbers)
    expect(await getHook(other, id)).toMatchObject({ dependencies: versions[0]?.dependencies })
  })

  test("gateways that need the first signing key at once agree on one", async () => {
    const gateways = await twoGateways()
    const keys = await Promise.all([...gateways, ...gateways].map(currentSigningKey))
    expect(new Set(keys.map((key) => key.kid)).size).toBe(1)
  })

  test("two gateways that rotate the signing key at once each make one, and agree on the last", async () => {
    const [one, other] = await twoGateways()
    await currentSigningKey(one)
    await Promise.all([one, other, one, other].map(rotateSigningKey))
    expect(await listPublicKeys(one)).toHaveLength(5)
    expect(await currentSigningKey(one)).toEqual(await currentSigningKey(other))
  })

  test("a bundle that nobody uses any more is not removed while a build ends with it again", async () => {
    const [one, other] = await twoGateways()
    async function newBuild(name: string) {
      const { id } = await createHook(one, { name, script: "code", triggerId, dependencies: { ms: "2" } })
      const { versionId = "" } = (await findPendingBuild(one, id)) ?? {}
      return { id, versionId }
    }
    for (let round = 0; round < ROUNDS; round++) {
      const [before, after] = [await newBuild(`before-${round}`), await newBuild(`after-${round}`)]
      await finishBuild(one, before.versionId, BUILT)
      await deleteHook(one, before.id)
      await Promise.all([
        ...Array.from({ length: 4 }, () => pruneBundles(other)),
        finishBuild(one, after.versionId, BUILT),
        pruneBundles(other),
      ])
      expect(await getVersion(one, after.id, 1)).toMatchObject({ buildStatus: "built" })
      expect(await getBundle(other, BUILT.bundleId)).toBe(BUILT.code)
      await deleteHook(one, after.id)
    }
  })

  test("gateways that record the same executions at once make one history", async () => {
    const [one, other] = await twoGateways()
    for (let round = 0; round < ROUNDS; round++) {
      const ids = Array.from({ length: 100 }, (_, n) => `exe_${round}_${n}`)
      await Promise.all([
        recordExecutions(one, ids.map(succeeded)),
        recordExecutions(other, ids.toReversed().map(queued)),
        recordExecutions(other, ids.toReversed().map(succeeded)),
      ])
    }
    const { executions } = await listExecutions(one, { limit: 2_000 })
    expect(executions).toHaveLength(ROUNDS * 100)
    for (const execution of executions)
      expect(execution).toMatchObject({ status: "succeeded", attemptsMade: 1 })
  })

  test("gateways that prune at once, while what they delete is recorded again, do not stop each other", async () => {
    const [one, other] = await twoGateways()
    const records = Array.from({ length: 2_000 }, (_, n) =>
      executionRecord({ head: { executionId: `exe_${n}`, acceptedAt: n }, attempt: attemptOf({}) }),
    )
    const retention = { olderThan: new Date(0), keep: 100 }
    await recordExecutions(one, records)
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        pruneExecutions(one, retention),
        recordExecutions(one, records.slice(0, 1_000)),
        pruneExecutions(other, retention),
        recordExecutions(other, records.slice(500, 1_500)),
      ])
    }
    await pruneExecutions(one, retention)
    const { executions } = await listExecutions(one, { limit: 2_000 })
    expect(executions.map(({ executionId }) => executionId)).toEqual(
      records
        .slice(-100)
        .map(({ head }) => head.executionId)
        .reverse(),
    )
  })
})
