import type { Job } from "@hooklane/core"
import { expect, onTestFinished, test } from "vitest"
import { openLanes, startConsumer } from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, testConnection } from "./support.ts"

const LANE = "post-user-registration"

/** A lane whose jobs become dead letters, one after the other. */
async function laneOfTheDead(jobs: Job[]) {
  const connection = testConnection()
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  onTestFinished(() => lanes.close())
  const consumer = startConsumer(connection, {
    triggerId: LANE,
    concurrency: 1,
    retryPolicy: retryPolicy(),
    process: async () => "dead",
    onLost: async () => {},
    log: keepingLog(),
  })
  for (const job of jobs) {
    await lanes.enqueue(job)
    await expect.poll(async () => (await lanes.find(job.executionId))?.status).toBe("dead_letter")
  }
  await consumer.close()
  return lanes
}

test("dead letters are listed from the oldest on, with the execution they were replayed as", async () => {
  const jobs = [asyncJob(), asyncJob(), asyncJob()]
  const lanes = await laneOfTheDead(jobs)
  await lanes.enqueue(asyncJob())
  const [first, second, third] = jobs.map(({ executionId }) => executionId)
  const deadLetter = { executionId: second ?? "", triggerId: LANE } as const
  await lanes.setReplayMark(deadLetter, { from: "", to: "exe_new" })
  expect(await lanes.deadLetters(LANE)).toEqual([
    { executionId: first },
    { executionId: second, replayedAs: "exe_new" },
    { executionId: third },
  ])
  await lanes.setReplayMark(deadLetter, { from: "exe_new", to: "" })
  expect((await lanes.deadLetters(LANE))[1]).toEqual({ executionId: second })
})

test("of several that mark a dead letter at once, one does, and the others are told which", async () => {
  const job = asyncJob()
  const lanes = await laneOfTheDead([job])
  const marks = await Promise.all(
    ["exe_1", "exe_2", "exe_3"].map((to) => lanes.setReplayMark(job, { from: "", to })),
  )
  expect(new Set(marks).size).toBe(1)
  const [mark = ""] = marks
  expect(await lanes.setReplayMark(job, { from: "exe_other", to: "exe_4" })).toBe(mark)
  expect(await lanes.setReplayMark(job, { from: mark, to: "exe_4" })).toBe("exe_4")
})

test("what is no dead letter cannot be marked", async () => {
  const lanes = await laneOfTheDead([])
  const waiting = asyncJob()
  await lanes.enqueue(waiting)
  for (const job of [waiting, asyncJob()])
    expect(await lanes.setReplayMark(job, { from: "", to: "exe_1" })).toBeUndefined()
  expect(await lanes.find(waiting.executionId)).toMatchObject({ status: "queued" })
})

test("executions are located many at once", async () => {
  const dead = asyncJob()
  const lanes = await laneOfTheDead([dead])
  const [waiting, unknown] = [asyncJob(), asyncJob()]
  await lanes.enqueue(waiting)
  const ids = [unknown, dead, waiting].map(({ executionId }) => executionId)
  expect(await lanes.locate(LANE, ids)).toEqual(["nowhere", "dead_letter", "in_lane"])
  expect(await lanes.locate("post-change-password", ids)).toEqual(["nowhere", "nowhere", "nowhere"])
})
