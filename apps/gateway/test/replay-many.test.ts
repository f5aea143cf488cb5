import { AppError } from "@hooklane/core"
import { expect, test } from "vitest"
import { type BulkReplay, findReplayable, replayMany } from "../src/replay-many.ts"
import { DEAD_LANE, deadLane } from "./dead-lane.ts"

const FAILURES = ["threw", "timed_out", "threw", "rejected"] as const

const request: BulkReplay = {
  filter: {},
  perSecond: 1_000,
  limit: 1_000,
  signal: new AbortController().signal,
}

test("those that match are found, the oldest first", async () => {
  const { deps, ids } = await deadLane([...FAILURES])
  expect(await findReplayable(deps, {})).toEqual(ids)
  expect(await findReplayable(deps, { failure: "threw" })).toEqual([ids[0], ids[2]])
  expect(await findReplayable(deps, { hookId: "hook_1", triggerId: DEAD_LANE })).toEqual(ids)
  expect(await findReplayable(deps, { hookId: "another" })).toEqual([])
  expect(await findReplayable(deps, { triggerId: "post-change-password" })).toEqual([])
  expect(await findReplayable(deps, { from: new Date(Date.now() + 1_000) })).toEqual([])
})

test("each is replayed once, over as many calls as it takes", async () => {
  const { deps, ids, settle } = await deadLane([...FAILURES])
  const first = await replayMany(deps, { ...request, limit: 3 })
  expect(first).toMatchObject({ remaining: 1, skipped: [] })
  expect(first.replays.map(({ replayOf }) => replayOf)).toEqual(ids.slice(0, 3))
  await settle()
  const second = await replayMany(deps, request)
  expect(second).toMatchObject({ replays: [{ replayOf: ids[3] }], remaining: 0 })
  await settle()
  expect(await replayMany(deps, request)).toEqual({ replays: [], skipped: [], remaining: 0 })
  expect(await deps.lanes.waitingCount(DEAD_LANE)).toBe(4)
})

test("two calls at once share the work", async () => {
  const { deps, ids } = await deadLane([...FAILURES])
  const results = await Promise.all([replayMany(deps, request), replayMany(deps, request)])
  const replayed = results.flatMap(({ replays }) => replays.map(({ replayOf }) => replayOf))
  expect(replayed.sort()).toEqual([...ids].sort())
  expect(await deps.lanes.waitingCount(DEAD_LANE)).toBe(4)
})

test("what a gateway had marked and not stored when it died is replayed too", async () => {
  const { deps, ids } = await deadLane(["threw"])
  const [id = ""] = ids
  const left = "exe_01J00000000000000000000000"
  await deps.lanes.setReplayMark({ executionId: id, triggerId: DEAD_LANE }, { from: "", to: left })
  expect(await replayMany(deps, request)).toMatchObject({ replays: [{ executionId: left, replayOf: id }] })
})

test("it keeps to its pace", async () => {
  const { deps } = await deadLane([...FAILURES])
  const startedAt = performance.now()
  await replayMany(deps, { ...request, perSecond: 10 })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290)
})

test("it ends when its caller goes away, and when every further one would be refused", async () => {
  const { deps } = await deadLane([...FAILURES])
  const gone = await replayMany(deps, { ...request, signal: AbortSignal.abort() })
  expect(gone).toEqual({ replays: [], skipped: [], remaining: 4 })
  const full = async () => {
    throw new AppError("lane_full", "full")
  }
  const refusing = { ...deps, admission: { ...deps.admission, admitAsync: full } }
  expect(await replayMany(refusing, request)).toMatchObject({ remaining: 4, stoppedBy: "lane_full" })
})

test("what cannot be replayed is told, and the others are not held up", async () => {
  const { deps, ids } = await deadLane(["threw", "threw"])
  let calls = 0
  const enabled = await deps.enabledHooks.all()
  const onceDisabled = { ...deps.enabledHooks, all: async () => (calls++ === 0 ? [] : enabled) }
  expect(await replayMany({ ...deps, enabledHooks: onceDisabled }, request)).toMatchObject({
    replays: [{ replayOf: ids[1] }],
    skipped: [{ executionId: ids[0], errorCode: "not_replayable" }],
    remaining: 0,
  })
})
