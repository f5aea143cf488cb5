import { AppError, eventContext, parseEvent } from "@hooklane/core"
import { expect, test } from "vitest"
import { replay } from "../src/replay.ts"
import { DEAD_LANE, deadLane } from "./dead-lane.ts"

async function oneDeadLetter() {
  const lane = await deadLane(["threw"])
  return { ...lane, id: lane.ids[0] ?? "" }
}

test("a dead letter is replayed with its event, as an execution of its own", async () => {
  const { deps, id, trigger, event, records } = await oneDeadLetter()
  const replayed = await replay(deps, id)
  const found = await deps.lanes.find(replayed)
  expect(found).toMatchObject({ status: "queued", job: { replayOf: id } })
  const sealed = found?.job.sealedEvent ?? ""
  expect(JSON.parse(deps.keyRing.open(sealed, eventContext(replayed)))).toEqual(parseEvent(trigger, event))
  expect(records).toMatchObject([{ status: "queued", head: { executionId: replayed, replayOf: id } }])
})

test("it is replayed once, unless it is asked for again", async () => {
  const { deps, id, settle } = await oneDeadLetter()
  const first = await replay(deps, id)
  await settle()
  await expect(replay(deps, id)).rejects.toMatchObject({
    code: "already_replayed",
    message: expect.stringContaining(first),
  })
  const second = await replay(deps, id, "again")
  expect(second).not.toBe(first)
  await settle()
  await expect(replay(deps, id)).rejects.toMatchObject({ message: expect.stringContaining(second) })
  expect(await deps.lanes.waitingCount(DEAD_LANE)).toBe(2)
})

test("of several that replay it at once, one does", async () => {
  const { deps, id } = await oneDeadLetter()
  const tries = await Promise.allSettled([replay(deps, id), replay(deps, id), replay(deps, id)])
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
  expect(await deps.lanes.waitingCount(DEAD_LANE)).toBe(1)
})

test("a replay whose gateway died before it was stored is completed under its id", async () => {
  const { deps, id } = await oneDeadLetter()
  const left = "exe_01J00000000000000000000000"
  await deps.lanes.setReplayMark({ executionId: id, triggerId: DEAD_LANE }, { from: "", to: left })
  expect(await replay(deps, id)).toBe(left)
  await expect(replay(deps, id)).rejects.toMatchObject({ code: "already_replayed" })
})

test("a replay that is refused leaves no mark", async () => {
  const { deps, id } = await oneDeadLetter()
  const full = async () => {
    throw new AppError("lane_full", "full")
  }
  const refusing = { ...deps, admission: { ...deps.admission, admitAsync: full } }
  await expect(replay(refusing, id)).rejects.toMatchObject({ code: "lane_full" })
  const disabled = { ...deps, enabledHooks: { get: async () => undefined, all: async () => [] } }
  await expect(replay(disabled, id)).rejects.toMatchObject({ code: "not_replayable" })
  expect(await deps.lanes.deadLetters(DEAD_LANE)).toEqual([{ executionId: id }])
})

test("a dead letter whose event is gone cannot be replayed, nor what is no dead letter", async () => {
  const { deps, id, settle } = await oneDeadLetter()
  const replayed = await replay(deps, id)
  await settle()
  await expect(replay(deps, replayed)).rejects.toMatchObject({ code: "not_replayable" })
  await deps.lanes.removeDeadLetter(id, DEAD_LANE)
  await expect(replay(deps, id)).rejects.toMatchObject({ code: "not_replayable" })
})
