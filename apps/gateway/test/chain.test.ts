import { AppError, DEFAULT_CIRCUIT, type Snapshot } from "@hooklane/core"
import { expect, inject, test } from "vitest"
import { createChain } from "../src/chain.ts"
import { createCircuits } from "../src/circuits.ts"
import { startLane } from "./start-lane.ts"

const triggerId = "credentials-exchange"
const ANSWERED_WITHIN_MS = 1_000

const OPEN = "// hooklane: on-failure=open"
const SILENT = "// hooklane: on-failure=open circuit=off"

/** A chain of hooks with these scripts, which answer with the id of their version, unless they are silent. */
async function startChain(...scripts: string[]) {
  const lane = await startLane({
    redisUrl: inject("redisUrl"),
    triggerId,
    answer: ({ versionId }) =>
      scripts[Number(versionId.slice("ver_".length))] === SILENT
        ? undefined
        : { status: "succeeded", value: { scope: [versionId] }, runMs: 1 },
  })
  const snapshots: Snapshot[] = scripts.map((script, index) => ({
    versionId: `ver_${index}`,
    hookId: `hook_${index}`,
    hookName: `hook ${index}`,
    number: 1,
    triggerId,
    script,
    dependencies: {},
    sealedSecrets: {},
  }))
  const hooks = { all: async () => snapshots, get: async () => snapshots[0] }
  const { deps, trigger, event } = lane
  const dispatch = createChain({
    ...deps,
    config: { chains: [triggerId] },
    enabledHooks: { all: () => hooks.all(), get: () => hooks.get() },
    circuits: createCircuits({ settingsFor: () => DEFAULT_CIRCUIT, now: Date.now, log: deps.log }),
  })
  return { ...lane, hooks, dispatch: (timeoutMs = 5_000) => dispatch({ trigger, event, timeoutMs }) }
}

const away = () => Promise.reject(new AppError("redis_unavailable", "Redis is away"))

test("a call is answered by its deadline though nobody says which hooks are enabled", async () => {
  const { hooks, dispatch } = await startChain("", "")
  hooks.all = () => new Promise<never>(() => {})
  const startedAt = Date.now()
  await expect(dispatch(200)).rejects.toMatchObject({ code: "hook_timed_out" })
  expect(Date.now() - startedAt).toBeLessThan(200 + ANSWERED_WITHIN_MS)
})

test("while it is not known which hooks follow, none runs alone", async () => {
  const { hooks, dispatch, jobs } = await startChain("", "")
  hooks.all = away
  await expect(dispatch()).rejects.toMatchObject({ code: "redis_unavailable" })
  expect(jobs).toEqual([])
})

test("while it is not known which hooks are enabled, each that was answers by its policy", async () => {
  const fallback = '// hooklane: fallback={"scope": ["basic"]}'
  const { hooks, dispatch, jobs } = await startChain(OPEN, fallback)
  expect(await dispatch()).toMatchObject({ result: { scope: ["ver_1"] } })
  hooks.all = away
  expect(await dispatch()).toMatchObject({
    status: "succeeded",
    result: { scope: ["basic"] },
    policy: { onFailure: "fallback", failure: "redis_unavailable" },
    executions: [expect.stringMatching(/^exe_/), expect.stringMatching(/^exe_/)],
  })
  expect(jobs).toHaveLength(2)
})

test("of a chain that was known, a hook that fails closed refuses the call", async () => {
  const { hooks, dispatch } = await startChain(OPEN, "")
  await dispatch()
  hooks.all = away
  await expect(dispatch()).rejects.toMatchObject({ code: "redis_unavailable" })
})

test("a hook whose turn comes after the deadline is not run, and answers by its policy in time", async () => {
  const { dispatch, jobs } = await startChain(SILENT, OPEN, OPEN)
  const startedAt = Date.now()
  expect(await dispatch(200)).toMatchObject({ status: "skipped" })
  expect(Date.now() - startedAt).toBeLessThan(200 + ANSWERED_WITHIN_MS)
  expect(jobs).toHaveLength(1)
})

test("one that fails closed refuses the call then", async () => {
  const { dispatch } = await startChain(SILENT, "")
  await expect(dispatch(200)).rejects.toMatchObject({ code: "hook_timed_out" })
})
