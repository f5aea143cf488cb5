import {
  AppError,
  type CircuitSettings,
  DEFAULT_CIRCUIT,
  type Failure,
  type Job,
  type Reply,
} from "@hooklane/core"
import { describe, expect, inject, test } from "vitest"
import { createCircuits } from "../src/circuits.ts"
import type { DispatchDeps } from "../src/dispatch.ts"
import { createPolicyDispatch } from "../src/policy-dispatch.ts"
import { startLane } from "./start-lane.ts"

const OPEN = "// hooklane: on-failure=open"
const FALLBACK = '// hooklane: fallback={"scope": ["basic"], "other": 1}'

interface Options {
  script?: string
  answer?: (job: Job) => Reply | undefined
  settings?: Partial<CircuitSettings>
  change?: (deps: DispatchDeps) => Partial<DispatchDeps>
}

/** A synchronous hook with this script, whose runs end as the test says. */
async function startHook({ script = "", answer, settings = {}, change }: Options) {
  const triggerId = "credentials-exchange"
  const redisUrl = inject("redisUrl")
  const lane = await startLane({ redisUrl, triggerId, hook: { script }, ...(answer && { answer }) })
  const { deps, trigger, event } = lane
  const time = { now: Date.now() }
  const lines: unknown[] = []
  const keep = (fields: object, message: string) => lines.push({ ...fields, message })
  const log = { warn: keep, error: keep }
  const now = () => time.now
  const circuits = createCircuits({ settingsFor: () => ({ ...DEFAULT_CIRCUIT, ...settings }), now, log })
  const dispatch = createPolicyDispatch({ ...deps, circuits, log, ...change?.(deps) })
  return { ...lane, dispatch: () => dispatch({ trigger, event }), circuits, time, lines }
}

const succeeded: Reply = { status: "succeeded", value: { scope: ["a"] }, runMs: 1 }

function failed(failure: Failure): Reply {
  return { status: "failed", failure, error: { name: "Error", message: "no" }, runMs: 1 }
}

const refuse = () => Promise.reject(new AppError("no_worker", "No worker is running"))
const noWorker = () => ({ admission: { admitAsync: refuse, admitSync: refuse } })

describe("a hook that says nothing of its failures fails closed", () => {
  test("an exception is told", async () => {
    const { dispatch } = await startHook({ answer: () => failed("threw") })
    expect(await dispatch()).toMatchObject({ status: "failed", failure: "threw" })
  })

  test("what the service has to answer for is refused", async () => {
    const { dispatch, records } = await startHook({ change: noWorker })
    await expect(dispatch()).rejects.toMatchObject({ code: "no_worker" })
    expect(records).toEqual([])
  })
})

test.each([
  "threw",
  "not_compiled",
  "invalid_result",
  "timed_out",
  "crashed",
  "out_of_memory",
  "worker_lost",
] as const)(
  "a hook that fails open lets the event pass when it ended as %s, and the history says so",
  async (failure) => {
    const { dispatch, jobs, records } = await startHook({ script: OPEN, answer: () => failed(failure) })
    const executionId = expect.stringMatching(/^exe_/)
    const answer = { status: "skipped", executionId, durationMs: expect.any(Number) }
    const result = await dispatch()
    expect(result).toEqual({ ...answer, policy: { onFailure: "open", failure, message: "no" } })
    expect(result).toMatchObject({ executionId: jobs[0]?.executionId })
    expect(records).toMatchObject([
      { head: { executionId: jobs[0]?.executionId }, status: "failed", failure, answeredBy: "open" },
    ])
  },
)

test("a fallback stands in for the result, as far as it may be applied", async () => {
  const { dispatch, records } = await startHook({ script: FALLBACK, answer: () => failed("crashed") })
  expect(await dispatch()).toMatchObject({
    status: "succeeded",
    result: { scope: ["basic"] },
    policy: { onFailure: "fallback", failure: "crashed" },
  })
  expect(records).toMatchObject([{ status: "failed", answeredBy: "fallback" }])
})

test("a policy holds where nothing could be run", async () => {
  const { dispatch, jobs, records } = await startHook({ script: OPEN, change: noWorker })
  expect(await dispatch()).toMatchObject({ status: "skipped", policy: { failure: "no_worker" } })
  expect(jobs).toEqual([])
  expect(records).toMatchObject([{ status: "failed", failure: "no_worker", answeredBy: "open" }])
})

test("a policy holds while it cannot be known which hook is enabled", async () => {
  let isKnown = true
  const { dispatch } = await startHook({
    script: OPEN,
    answer: () => succeeded,
    change: ({ enabledHooks: { get } }) => ({
      enabledHooks: { get: (id) => (isKnown ? get(id) : refuse()) },
    }),
  })
  expect(await dispatch()).toMatchObject({ status: "succeeded" })
  isKnown = false
  expect(await dispatch()).toMatchObject({ status: "skipped", policy: { failure: "no_worker" } })
})

describe("a caller is answered by the deadline plus a second, however long the way to the hook takes", () => {
  const syncTimeoutMs = 100
  const never = () => new Promise<never>(() => {})

  test.each<[string, (deps: DispatchDeps) => Partial<DispatchDeps>]>([
    ["to find it", () => ({ enabledHooks: { get: never } })],
    ["to be admitted", () => ({ admission: { admitAsync: never, admitSync: never } })],
    ["to store its job", ({ lanes }) => ({ lanes: { ...lanes, enqueue: never } })],
  ])("%s", async (_step, change) => {
    const { dispatch } = await startHook({ change: (deps) => ({ syncTimeoutMs, ...change(deps) }) })
    const startedAt = performance.now()
    await expect(dispatch()).rejects.toMatchObject({ code: "hook_timed_out" })
    expect(performance.now() - startedAt).toBeLessThan(syncTimeoutMs + 1_000)
  })

  test("and what it took to find it is part of the caller's time", async () => {
    const found = Promise.withResolvers<void>()
    const { dispatch, jobs } = await startHook({
      answer: () => succeeded,
      change: ({ enabledHooks: { get } }) => ({
        enabledHooks: { get: (id) => found.promise.then(() => get(id)) },
      }),
    })
    const startedAt = Date.now()
    const answer = dispatch()
    setTimeout(found.resolve, 200)
    await answer
    expect(jobs[0]?.deadlineAt).toBeLessThan(startedAt + 5_100)
  })
})

test("a hook that says no is obeyed", async () => {
  const { dispatch, records } = await startHook({ script: OPEN, answer: () => failed("rejected") })
  expect(await dispatch()).toMatchObject({ status: "failed", failure: "rejected" })
  expect(records).toEqual([])
})

test("an event that a caller or an operator cancelled is not let pass", async () => {
  const { dispatch } = await startHook({ script: OPEN, answer: () => failed("cancelled") })
  await expect(dispatch()).rejects.toMatchObject({ code: "execution_cancelled" })
})

test("a fault of ours is logged, and the event passes", async () => {
  const lanes = {
    enqueue: () => Promise.reject(new TypeError("a bug")),
    removeWaiting: async () => undefined,
  }
  const { dispatch, lines } = await startHook({ script: OPEN, change: () => ({ lanes }) })
  expect(await dispatch()).toMatchObject({ status: "skipped", policy: { failure: "internal_error" } })
  expect(lines).toMatchObject([{ err: { message: "a bug" } }, { failure: "internal_error" }])
})

describe("a hook that fails too often", () => {
  const settings = { minCalls: 2, probes: 1, openMs: 5_000 }

  test("is left alone, and tried again after a while", async () => {
    let reply = failed("threw")
    const { dispatch, jobs, time, lines } = await startHook({ script: OPEN, answer: () => reply, settings })
    await dispatch()
    await dispatch()
    expect(await dispatch()).toMatchObject({ status: "skipped", policy: { failure: "circuit_open" } })
    expect(jobs).toHaveLength(2)
    time.now += 5_000
    reply = succeeded
    expect(await dispatch()).toMatchObject({ status: "succeeded", result: { scope: ["a"] } })
    expect(lines).toContainEqual(expect.objectContaining({ message: "circuit changed", state: "closed" }))
  })

  test("is refused when it fails closed and asks for a circuit", async () => {
    const script = "// hooklane: circuit=on"
    const { dispatch, jobs } = await startHook({ script, answer: () => failed("threw"), settings })
    expect(await dispatch()).toMatchObject({ status: "failed", failure: "threw" })
    await dispatch()
    await expect(dispatch()).rejects.toMatchObject({ code: "circuit_open", retryAfterSeconds: 1 })
    expect(jobs).toHaveLength(2)
  })

  test("is not blamed for what is not its own doing", async () => {
    const { dispatch, circuits } = await startHook({
      script: OPEN,
      answer: () => failed("worker_lost"),
      settings,
    })
    await Promise.all([dispatch(), dispatch(), dispatch()])
    expect(circuits.find("hook_1")?.breaker.view()).toMatchObject({ state: "closed", calls: 0 })
  })
})
