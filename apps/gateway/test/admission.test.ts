import { expect, test } from "vitest"
import { createAdmission } from "../src/admission.ts"

function start(state: {
  waiting?: number
  oldestWaitingMs?: number
  workers?: number
  inFlight?: number
  usedMemoryShare?: number
}) {
  let time = 0
  let looks = 0
  const refusals: string[] = []
  const admission = createAdmission({
    maxLaneLength: 10,
    maxInFlight: 2,
    waitingCount: async () => {
      looks++
      return state.waiting ?? 0
    },
    load: async () => ({
      waiting: state.waiting ?? 0,
      taken: 0,
      oldestWaitingMs: state.oldestWaitingMs ?? 0,
    }),
    workerCount: async () => state.workers ?? 1,
    usedMemoryShare: async () => state.usedMemoryShare ?? 0,
    inFlight: () => state.inFlight ?? 0,
    refused: (triggerId, reason) => void refusals.push(`${triggerId}: ${reason}`),
    now: () => time,
  })
  return { admission, refusals, looks: () => looks, advance: (ms: number) => (time += ms) }
}

test("an event is let through while the lane has room", async () => {
  const { admission } = start({ waiting: 9 })
  await expect(admission.admitAsync("post-user-registration")).resolves.toBeUndefined()
  await expect(admission.admitSync("credentials-exchange", 10_000)).resolves.toBeUndefined()
})

test("a full lane refuses asynchronous events with 429 and synchronous ones with 503, and says when to try again", async () => {
  const { admission } = start({ waiting: 10 })
  await expect(admission.admitAsync("post-user-registration")).rejects.toMatchObject({
    code: "lane_full",
    retryAfterSeconds: 5,
  })
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toMatchObject({
    code: "overloaded",
    retryAfterSeconds: 1,
  })
})

test("synchronous calls in flight are bounded", async () => {
  const { admission } = start({ inFlight: 2 })
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toMatchObject({
    code: "overloaded",
  })
})

test("a call that would wait for most of its time is refused at once, and told when to come back", async () => {
  const { admission } = start({ waiting: 1, oldestWaitingMs: 9_900 })
  await expect(admission.admitSync("credentials-exchange", 20_000)).resolves.toBeUndefined()
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toMatchObject({
    code: "overloaded",
    retryAfterSeconds: 2,
  })
})

test("without a worker a synchronous call is refused at once, an asynchronous one is stored", async () => {
  const { admission } = start({ workers: 0 })
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toMatchObject({
    code: "no_worker",
  })
  await expect(admission.admitAsync("post-user-registration")).resolves.toBeUndefined()
})

test("without a worker that is the reason, though the lane is full of what the last one left", async () => {
  const { admission } = start({ workers: 0, waiting: 10, oldestWaitingMs: 60_000 })
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toMatchObject({
    code: "no_worker",
  })
})

test("Redis is asked at most twice a second per lane", async () => {
  const { admission, looks, advance } = start({})
  for (let n = 0; n < 100; n++) await admission.admitAsync("post-user-registration")
  expect(looks()).toBe(1)
  advance(500)
  await admission.admitAsync("post-user-registration")
  expect(looks()).toBe(2)
})

test.for([
  ["lane_full", { waiting: 10 }],
  ["in_flight", { inFlight: 2 }],
  ["no_worker", { workers: 0 }],
  ["no_time", { waiting: 1, oldestWaitingMs: 60_000 }],
] as const)("a call that is refused is counted as %s", async ([reason, state]) => {
  const { admission, refusals } = start(state)
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toThrow()
  expect(refusals).toEqual([`credentials-exchange: ${reason}`])
})

test("an event that is refused is counted, one that is let through is not", async () => {
  const full = start({ waiting: 10 })
  await expect(full.admission.admitAsync("post-user-registration")).rejects.toThrow()
  expect(full.refusals).toEqual(["post-user-registration: lane_full"])
  const empty = start({})
  await empty.admission.admitAsync("post-user-registration")
  expect(empty.refusals).toEqual([])
})

test("a Redis that is nearly full takes no more events, so that what waits in it has room to be run", async () => {
  const state = { usedMemoryShare: 0.93 }
  const { admission, refusals, advance } = start(state)
  const refusal = {
    code: "redis_unavailable",
    retryAfterSeconds: 5,
    message: expect.stringMatching(/93 % of its maxmemory.*more memory/),
  }
  await expect(admission.admitAsync("post-user-registration")).rejects.toMatchObject(refusal)
  await expect(admission.admitSync("credentials-exchange", 10_000)).rejects.toMatchObject(refusal)
  expect(refusals).toEqual(["post-user-registration: redis_full", "credentials-exchange: redis_full"])
  state.usedMemoryShare = 0.89
  advance(500)
  await expect(admission.admitAsync("post-user-registration")).resolves.toBeUndefined()
})
