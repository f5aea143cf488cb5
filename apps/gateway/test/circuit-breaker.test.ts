import { type CircuitSettings, DEFAULT_CIRCUIT } from "@hooklane/core"
import { expect, test } from "vitest"
import { type CallEnd, type CircuitState, createCircuitBreaker } from "../src/circuit-breaker.ts"

const SETTINGS = {
  ...DEFAULT_CIRCUIT,
  windowMs: 10_000,
  minCalls: 4,
  openMs: 5_000,
  slowMs: 1_000,
  probes: 2,
}

/** A breaker at a time of the test's own. */
function testBreaker(changes: Partial<CircuitSettings> = {}) {
  const time = { now: 1_000_000 }
  const states: CircuitState[] = []
  const breaker = createCircuitBreaker({
    settings: { ...SETTINGS, ...changes },
    now: () => time.now,
    onChange: (state) => states.push(state),
  })
  const call = (end: CallEnd, durationMs = 1) => breaker.admit()?.end(end, durationMs)
  const calls = (...ends: CallEnd[]) => {
    for (const end of ends) call(end)
  }
  return { ...breaker, time, states, call, calls }
}

test("it opens once half of the calls have failed, and not before there are enough of them", () => {
  const { calls, view, admit } = testBreaker()
  calls("failed", "failed", "failed")
  expect(view()).toEqual({ state: "closed", calls: 3, failures: 3, slow: 0 })
  calls("succeeded")
  expect(view()).toMatchObject({ state: "open", probeAt: 1_005_000 })
  expect(admit()).toBeUndefined()
})

test("it stays closed while fewer fail", () => {
  const { calls, view } = testBreaker()
  calls("succeeded", "succeeded", "succeeded", "failed", "failed")
  expect(view()).toEqual({ state: "closed", calls: 5, failures: 2, slow: 0 })
})

test("it opens when nearly all calls are slow, though they succeed", () => {
  const { call, view } = testBreaker({ minCalls: 5 })
  call("succeeded", 999)
  for (let slow = 0; slow < 3; slow += 1) call("succeeded", 1_000)
  expect(view()).toEqual({ state: "closed", calls: 4, failures: 0, slow: 3 })
  call("succeeded", 1_000)
  expect(view().state).toBe("open")
})

test("what says nothing of the hook is not counted", () => {
  const { calls, view } = testBreaker()
  calls("neither", "neither", "neither", "neither", "neither")
  expect(view()).toEqual({ state: "closed", calls: 0, failures: 0, slow: 0 })
})

test("failures are forgotten with the window", () => {
  const { calls, view, time } = testBreaker()
  calls("failed", "failed", "failed")
  time.now += 9_000
  calls("succeeded")
  expect(view().state).toBe("open")

  const other = testBreaker()
  other.calls("failed", "failed", "failed")
  other.time.now += 10_000
  expect(other.view()).toMatchObject({ calls: 0 })
  other.calls("failed", "succeeded", "succeeded", "succeeded")
  expect(other.view()).toMatchObject({ state: "closed", calls: 4, failures: 1 })
})

test("after a while some calls try it, and when they succeed it closes with nothing held against it", () => {
  const { calls, view, admit, time, states } = testBreaker()
  calls("failed", "failed", "failed", "failed")
  time.now += 4_999
  expect(admit()).toBeUndefined()
  time.now += 1
  const probes = [admit(), admit()]
  expect(probes).not.toContain(undefined)
  expect(admit()).toBeUndefined()
  for (const probe of probes) probe?.end("succeeded", 1)
  expect(view()).toEqual({ state: "closed", calls: 0, failures: 0, slow: 0 })
  expect(states).toEqual(["open", "half_open", "closed"])
})

test.each([
  ["fails", "failed", 1],
  ["is slow", "succeeded", 1_000],
] as const)("a probe that %s opens it again", (_what, end, durationMs) => {
  const { calls, call, view, time } = testBreaker()
  calls("failed", "failed", "failed", "failed")
  time.now += 5_000
  call(end, durationMs)
  expect(view()).toMatchObject({ state: "open", probeAt: time.now + 5_000 })
})

test("a probe that says nothing makes room for another one", () => {
  const { calls, view, time } = testBreaker()
  calls("failed", "failed", "failed", "failed")
  time.now += 5_000
  calls("neither", "neither", "neither", "succeeded", "succeeded")
  expect(view().state).toBe("closed")
})

test("a call that was made before the last change counts for nothing", () => {
  const { calls, view, admit, time } = testBreaker()
  const early = Array.from({ length: 5 }, admit)
  calls("failed", "failed", "failed", "failed")
  time.now += 5_000
  calls("succeeded", "succeeded")
  for (const call of early) call?.end("failed", 1)
  expect(view()).toEqual({ state: "closed", calls: 0, failures: 0, slow: 0 })
})
