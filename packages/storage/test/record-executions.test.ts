import { expect, test } from "vitest"
import { getExecution, recordExecutions } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"
import { attemptOf, executionRecord } from "./execution-record.ts"

const head = { executionId: "exe_1" }
const error = { name: "TypeError", message: "x is not a function", properties: { code: 7 } }
const queued = executionRecord({ head, at: 1_000, status: "queued" })
const retrying = executionRecord({
  head,
  at: 2_000,
  status: "retrying",
  nextAttemptAt: 5_000,
  failure: "threw",
  error,
  attempt: attemptOf({ attempt: 1, failure: "threw", error }),
})
const succeeded = executionRecord({
  head,
  at: 6_000,
  status: "succeeded",
  attempt: attemptOf({ attempt: 2 }),
})

onEachDatabase((newStorage) => {
  test.each([
    ["its worker after it was given up", [0, 1]],
    ["its worker before it was given up", [1, 0]],
  ])("an attempt whose end is told by %s is not lost", async (_when, order) => {
    const lost = executionRecord({
      head,
      at: 2_000,
      status: "running",
      attempt: attemptOf({ attempt: 1, failure: "worker_lost" }),
    })
    const told = executionRecord({ head, at: 2_001, status: "succeeded", attempt: attemptOf({ attempt: 1 }) })
    for (const isBatch of [true, false]) {
      const storage = await newStorage()
      const records = order.flatMap((index) => [lost, told][index] ?? [])
      for (const batch of isBatch ? [records] : records.map((one) => [one]))
        await recordExecutions(storage, batch)
      const { attempts } = await getExecution(storage, "exe_1")
      expect(attempts).toMatchObject([{ attempt: 1, failure: null }])
    }
  })

  test.each([
    ["after its answer", [0, 1, 1]],
    ["before its answer", [1, 0, 1]],
  ])("the end of a run that went on is kept, told %s", async (_when, order) => {
    const facts = { attempt: 1, afterAnswer: { cut: [] } }
    const answered = executionRecord({ head, at: 2_000, status: "succeeded", attempt: attemptOf(facts) })
    const line = { at: 2_500, level: "info", message: "later" } as const
    const ended = executionRecord({
      head,
      at: 3_000,
      status: "succeeded",
      attempt: attemptOf({
        ...facts,
        logs: [line],
        afterAnswer: { cut: ["1 interval"] },
        afterAnswerMs: 900,
      }),
    })
    for (const isBatch of [true, false]) {
      const storage = await newStorage()
      const records = order.flatMap((index) => [answered, ended][index] ?? [])
      for (const batch of isBatch ? [records] : records.map((one) => [one]))
        await recordExecutions(storage, batch)
      const { attempts } = await getExecution(storage, "exe_1")
      expect(attempts).toMatchObject([
        { logs: [line], afterAnswer: { cut: ["1 interval"] }, afterAnswerMs: 900 },
      ])
    }
  })

  test.each([
    ["before", [0, 1]],
    ["after", [1, 0]],
  ])("who answered in place of the hook is kept, told %s how the run ended", async (_when, order) => {
    const ended = executionRecord({
      head,
      at: 2_000,
      status: "failed",
      failure: "crashed",
      attempt: attemptOf({}),
    })
    const answered = executionRecord({
      head,
      at: 2_001,
      status: "failed",
      failure: "crashed",
      answeredBy: "open",
    })
    for (const isBatch of [true, false]) {
      const storage = await newStorage()
      const records = order.flatMap((index) => [answered, ended][index] ?? [])
      for (const batch of isBatch ? [records] : records.map((one) => [one]))
        await recordExecutions(storage, batch)
      expect(await getExecution(storage, "exe_1")).toMatchObject({
        status: "failed",
        failure: "crashed",
        answeredBy: "open",
        attempts: [{ attempt: 1 }],
      })
    }
  })

  test.for([
    [0, 1],
    [1, 0],
  ])("a caller that was told of no answer got none, whatever came of the run (%j first)", async (order) => {
    const ended = executionRecord({ head, at: 2_000, status: "succeeded", attempt: attemptOf({}) })
    const unanswered = executionRecord({ head, at: 2_001, status: "failed", failure: "timed_out", error })
    for (const isBatch of [true, false]) {
      const storage = await newStorage()
      const records = order.flatMap((index) => [ended, unanswered][index] ?? [])
      for (const batch of isBatch ? [records] : records.map((one) => [one]))
        await recordExecutions(storage, batch)
      expect(await getExecution(storage, "exe_1")).toMatchObject({
        status: "failed",
        failure: "timed_out",
        error,
        attempts: [{ attempt: 1, failure: null }],
      })
    }
  })

  test("a record is kept whole", async () => {
    const storage = await newStorage()
    const logs = [{ at: 1_600, level: "info", message: 'a "quoted" \u0000 line\n– ünï 🙂 \ud800' } as const]
    const call = { at: 1_550, host: "api.example.com", port: 443, durationMs: 5, bytesIn: 2, bytesOut: 1 }
    const calls = [{ ...call, allowed: false, problem: "connect EACCES" }]
    const kill = {
      reason: "wall_time",
      stack: "    at spin (/hook.js:1)",
      rssMb: 90,
      lastOutput: logs,
    } as const
    await recordExecutions(storage, [
      executionRecord({
        head: { ...head, replayOf: "exe_0" },
        at: 2_000,
        status: "dead_letter",
        failure: "rejected",
        error,
        attempt: attemptOf({
          failure: "rejected",
          error,
          logs,
          logsTruncated: true,
          calls,
          kill: { ...kill, lastOutput: [...logs] },
        }),
      }),
    ])
    expect(await getExecution(storage, "exe_1")).toEqual({
      executionId: "exe_1",
      triggerId: "post-user-registration",
      hookId: "01GQN0P33H3AFJHRWS4KDSRHJK",
      hookName: "my-hook",
      versionId: "01GQN0P01XY4VE0PCK7H20QZ4M",
      acceptedAt: new Date(1_000),
      replayOf: "exe_0",
      status: "dead_letter",
      statusAt: new Date(2_000),
      nextAttemptAt: null,
      failure: "rejected",
      error,
      answeredBy: null,
      attempts: [
        {
          attempt: 1,
          workerId: "worker-1",
          startedAt: new Date(1_500),
          queueMs: 1.5,
          runMs: 20.25,
          failure: "rejected",
          error,
          logs,
          logsTruncated: true,
          calls,
          kill,
          afterAnswer: null,
          afterAnswerMs: null,
        },
      ],
    })
  })

  test("an execution that waits for its next attempt says when, and forgets it when it ends", async () => {
    const storage = await newStorage()
    await recordExecutions(storage, [queued])
    await recordExecutions(storage, [retrying])
    expect(await getExecution(storage, "exe_1")).toMatchObject({
      status: "retrying",
      nextAttemptAt: new Date(5_000),
      failure: "threw",
    })
    await recordExecutions(storage, [succeeded])
    expect(await getExecution(storage, "exe_1")).toMatchObject({
      status: "succeeded",
      nextAttemptAt: null,
      failure: null,
      error: null,
      attempts: [
        { attempt: 1, failure: "threw" },
        { attempt: 2, failure: null },
      ],
    })
  })

  test.each([
    ["in order", [[queued], [retrying], [succeeded]]],
    ["backwards", [[succeeded], [retrying], [queued]]],
    ["in one batch", [[queued, retrying, succeeded]]],
    ["in one batch, backwards", [[succeeded, retrying, queued]]],
    [
      "twice",
      [
        [queued, retrying],
        [queued, retrying, succeeded],
        [retrying, succeeded],
      ],
    ],
  ])("records that come %s make the same history", async (_, batches) => {
    const storage = await newStorage()
    for (const batch of batches) await recordExecutions(storage, batch)
    const execution = await getExecution(storage, "exe_1")
    expect(execution).toMatchObject({ status: "succeeded", statusAt: new Date(6_000), nextAttemptAt: null })
    expect(execution.attempts.map((attempt) => attempt.attempt)).toEqual([1, 2])
  })

  test.each([
    ["in one batch", [[retrying, queued]]],
    ["one after the other", [[retrying], [queued]]],
  ])("before the end the newest status counts, whichever came last (%s)", async (_, batches) => {
    const storage = await newStorage()
    for (const batch of batches) await recordExecutions(storage, batch)
    expect(await getExecution(storage, "exe_1")).toMatchObject({
      status: "retrying",
      statusAt: new Date(2_000),
    })
  })

  test("how it ended stays as it was first told; an attempt reported later is added", async () => {
    const storage = await newStorage()
    const timedOut = executionRecord({ head, at: 3_000, status: "failed", failure: "timed_out" })
    await recordExecutions(storage, [timedOut])
    await recordExecutions(storage, [succeeded])
    expect(await getExecution(storage, "exe_1")).toMatchObject({
      status: "failed",
      failure: "timed_out",
      statusAt: new Date(3_000),
      attempts: [{ attempt: 2, failure: null }],
    })
  })

  test("an end is taken from a machine whose clock is behind", async () => {
    const storage = await newStorage()
    await recordExecutions(storage, [retrying])
    await recordExecutions(storage, [{ ...succeeded, at: 500 }])
    expect(await getExecution(storage, "exe_1")).toMatchObject({ status: "succeeded" })
  })

  test("of two reports of one attempt the first is kept", async () => {
    const storage = await newStorage()
    await recordExecutions(storage, [{ ...retrying, attempt: attemptOf({ workerId: "first" }) }])
    await recordExecutions(storage, [{ ...retrying, attempt: attemptOf({ workerId: "second" }) }])
    expect(await getExecution(storage, "exe_1")).toMatchObject({ attempts: [{ workerId: "first" }] })
  })

  test("a batch may be large, or empty", async () => {
    const storage = await newStorage()
    await recordExecutions(storage, [])
    const records = Array.from({ length: 5_000 }, (_, n) =>
      executionRecord({ head: { executionId: `exe_${n}` }, attempt: attemptOf({}) }),
    )
    await recordExecutions(storage, records)
    expect(await storage.db.$count(storage.tables.executions)).toBe(5_000)
    expect(await storage.db.$count(storage.tables.attempts)).toBe(5_000)
  })
})
