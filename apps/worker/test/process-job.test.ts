import {
  type ExecutionRecord,
  eventContext,
  type Job,
  type Outcome,
  REPLY_GRACE_MS,
  type Reply,
  type RunReport,
  type Snapshot,
  secretContext,
} from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import type { RunTask } from "@hooklane/executor"
import { CANCELLED, type JobAttempt } from "@hooklane/queue"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { createBundleCache } from "../src/bundle-cache.ts"
import { type JobDeps, processJob, reportLostJob } from "../src/process-job.ts"
import { createSnapshotCache } from "../src/snapshot-cache.ts"

const keyRing = createKeyRing(generateMasterKey())
const NOW = 1_000_000

const head = {
  executionId: "exe_1",
  triggerId: "pre-user-registration",
  hookId: "hook_1",
  hookName: "my-hook",
  versionId: "ver_1",
  acceptedAt: NOW - 50,
} as const

const sealedEvent = keyRing.seal('{"user":{}}', eventContext("exe_1"))
const asyncJob: Job = { ...head, triggerId: "post-user-registration", sealedEvent }
const syncJob: Job = { ...head, sealedEvent, deadlineAt: NOW + 5_000, replyTo: "gateway-1" }

const snapshot: Snapshot = {
  versionId: "ver_1",
  hookId: "hook_1",
  hookName: "my-hook",
  number: 1,
  triggerId: "pre-user-registration",
  script: "",
  dependencies: {},
  sealedSecrets: { KEY: keyRing.seal("value", secretContext("hook_1", "KEY")) },
}

function attempt(changes: Partial<JobAttempt> = {}): JobAttempt {
  return {
    number: 1,
    isLast: false,
    lostBefore: 0,
    runnableAt: NOW - 40,
    nextDelayMs: 700,
    signal: new AbortController().signal,
    ...changes,
  }
}

function start(
  outcome: Outcome,
  options: {
    snapshot?: Snapshot | undefined
    bundles?: Record<string, string>
    endsAt?: number
    runMs?: number
    problem?: string
    /** What comes after the answer, when the run goes on. */
    end?: Promise<RunReport>
    afterAnswer?: RunReport["afterAnswer"]
  } = { snapshot },
) {
  const tasks: RunTask[] = []
  const steps: string[] = []
  const replies: Reply[] = []
  const records: ExecutionRecord[] = []
  const tracked: Promise<void>[] = []
  let time = NOW
  const deps: JobDeps = {
    workerId: "wrk_1",
    keyRing,
    snapshots: createSnapshotCache(async () => options.snapshot),
    bundles: createBundleCache(async (bundleId) => options.bundles?.[bundleId]),
    hookStorage: { read: async () => ({ version: 0 }), write: async () => ({ version: 1 }) },
    executors: {
      run: async (task) => {
        tasks.push(task)
        time = options.endsAt ?? time
        const report = { outcome, logs: [], logsTruncated: false, runMs: options.runMs ?? 12 }
        if (options.end) {
          task.onAnswered?.({ ...report, afterAnswer: { cut: [] } })
          return options.end
        }
        return { ...report, ...(options.afterAnswer && { afterAnswer: options.afterAnswer }) }
      },
      problem: () => options.problem,
    },
    limits: { timeoutMs: 20_000, heapMb: 64 },
    reply: ({ reply }) => {
      steps.push("reply")
      replies.push(reply)
    },
    track: (end) => void tracked.push(end),
    records: {
      room: async () => {},
      keep: async (record) => {
        steps.push("record")
        records.push(record)
      },
      keepLater: (record) => {
        steps.push("record later")
        records.push(record)
      },
    },
    now: () => time,
  }
  return { deps, tasks, steps, replies, records, tracked }
}

const boom: Outcome = { status: "rejected", error: { name: "Error", message: "boom" } }

describe("a synchronous job", () => {
  test("is answered with the hook's value before it is recorded", async () => {
    const { deps, steps, replies, records } = start({ status: "returned", value: { user: {} } })
    expect(await processJob(deps, syncJob, attempt())).toBe("done")
    expect(steps).toEqual(["reply", "record later"])
    expect(replies).toEqual([{ status: "succeeded", value: { user: {} }, runMs: 12 }])
    expect(records).toMatchObject([{ status: "succeeded", attempt: { attempt: 1, queueMs: 40, runMs: 12 } }])
  })

  test("is done, not retried, when the hook rejects", async () => {
    const { deps, replies, records } = start(boom)
    expect(await processJob(deps, syncJob, attempt())).toBe("done")
    expect(replies).toMatchObject([{ status: "failed", failure: "rejected", error: { message: "boom" } }])
    expect(records).toMatchObject([{ status: "failed", failure: "rejected" }])
  })

  test("is not started past its deadline", async () => {
    const { deps, tasks, replies } = start({ status: "returned" })
    await processJob(deps, { ...syncJob, deadlineAt: NOW }, attempt())
    expect(tasks).toEqual([])
    expect(replies).toMatchObject([{ status: "failed", failure: "expired" }])
  })

  test("may run no longer than until its deadline", async () => {
    const { deps, tasks } = start({ status: "returned" })
    await processJob(deps, syncJob, attempt())
    expect(tasks[0]?.limits.timeoutMs).toBe(5_000)
  })

  test("that ends when nobody listens any more is recorded as late", async () => {
    const { deps, records } = start({ status: "returned" }, { snapshot, endsAt: NOW + 6_000 })
    await processJob(deps, syncJob, attempt())
    expect(records).toMatchObject([{ status: "failed", failure: "late" }])
  })
})

describe("a synchronous job whose run goes on after its answer", () => {
  const line = { at: NOW, level: "info", message: "later" } as const

  test("is answered and recorded at once, and recorded again at its end", async () => {
    const { promise: end, resolve } = Promise.withResolvers<RunReport>()
    const { deps, steps, records, tracked } = start({ status: "returned", value: 1 }, { snapshot, end })
    expect(await processJob(deps, syncJob, attempt())).toBe("done")
    expect(steps).toEqual(["reply", "record later"])
    expect(records[0]?.attempt).toMatchObject({ logs: [], afterAnswer: { cut: [] } })
    expect(records[0]?.attempt).not.toHaveProperty("afterAnswerMs")
    const outcome = { status: "returned", value: 1 } as const
    resolve({
      outcome,
      logs: [line],
      logsTruncated: false,
      runMs: 12,
      afterAnswer: { ms: 300, cut: ["1 interval"] },
    })
    await Promise.all(tracked)
    expect(records[1]).toMatchObject({
      status: "succeeded",
      attempt: { attempt: 1, logs: [line], afterAnswer: { cut: ["1 interval"] }, afterAnswerMs: 300 },
    })
  })

  test("stays what it was when something goes wrong meanwhile", async () => {
    const outcome = { status: "returned" } as const
    const threw = { status: "threw", error: { name: "Error", message: "later" } } as const
    const end = Promise.resolve({
      outcome,
      logs: [],
      logsTruncated: false,
      runMs: 12,
      afterAnswer: { ms: 300, cut: [], outcome: threw },
    })
    const { deps, records, tracked } = start(outcome, { snapshot, end })
    await processJob(deps, syncJob, attempt())
    await Promise.all(tracked)
    expect(records.map(({ status, failure }) => ({ status, failure }))).toEqual([
      { status: "succeeded", failure: undefined },
      { status: "succeeded", failure: undefined },
    ])
    expect(records[1]?.attempt?.afterAnswer).toEqual({ cut: [], error: threw.error })
  })

  test.each([
    ["5 s", undefined, 5_000],
    ["what the setting says", 100, 100],
  ])("may go on for %s", async (_how, afterAnswerMs, expected) => {
    const { deps, tasks } = start({ status: "returned" })
    await processJob({ ...deps, limits: { ...deps.limits, afterAnswerMs } }, syncJob, attempt())
    expect(tasks[0]?.limits.afterAnswerMs).toBe(expected)
  })
})

describe("an asynchronous job", () => {
  test.each([
    [
      "its work was cut at the limit",
      { status: "timed_out", afterMs: 20_000 },
      {
        failure: "timed_out",
        error: { message: expect.stringContaining("cut: 1 connection to a.example:443") },
      },
    ],
    [
      "an error came after its answer",
      { status: "threw", error: { name: "Error", message: "later" } },
      { failure: "threw", error: { message: "later" } },
    ],
  ] as const)("is tried again when %s", async (_what, outcome, expected) => {
    const afterAnswer = { ms: 300, cut: ["1 connection to a.example:443"], outcome }
    const { deps, records, tasks } = start({ status: "returned" }, { snapshot, afterAnswer })
    expect(await processJob(deps, asyncJob, attempt())).toBe("retry")
    expect(records).toMatchObject([{ status: "retrying", ...expected }])
    expect(tasks[0]?.limits).not.toHaveProperty("afterAnswerMs")
  })

  test("has succeeded when only something idle was cut", async () => {
    const afterAnswer = { ms: 1_000, cut: ["1 idle connection to db:5432"] }
    const { deps, records } = start({ status: "returned" }, { snapshot, afterAnswer })
    expect(await processJob(deps, asyncJob, attempt())).toBe("done")
    expect(records).toMatchObject([
      { status: "succeeded", attempt: { afterAnswer: { cut: afterAnswer.cut } } },
    ])
  })

  test("is recorded as succeeded and done", async () => {
    const { deps, steps, records } = start({ status: "returned" })
    expect(await processJob(deps, asyncJob, attempt())).toBe("done")
    expect(steps).toEqual(["record"])
    expect(records).toMatchObject([{ status: "succeeded" }])
  })

  test("goes back with its next time recorded while attempts are left", async () => {
    const { deps, records } = start(boom)
    expect(await processJob(deps, asyncJob, attempt())).toBe("retry")
    expect(records).toMatchObject([{ status: "retrying", nextAttemptAt: NOW + 700, failure: "rejected" }])
  })

  test("is a dead letter after its last attempt", async () => {
    const { deps, records } = start(boom)
    expect(
      await processJob(deps, asyncJob, attempt({ number: 5, isLast: true, nextDelayMs: undefined })),
    ).toBe("dead")
    expect(records).toMatchObject([{ status: "dead_letter", attempt: { attempt: 5 } }])
  })

  test("is a dead letter at once when its script does not compile", async () => {
    const { deps } = start({ status: "not_compiled", error: { name: "SyntaxError", message: "no" } })
    expect(await processJob(deps, asyncJob, attempt())).toBe("dead")
  })

  test("waits for its version to come back to Redis, and fails when that takes too long", async () => {
    const { deps, tasks, records } = start({ status: "returned" }, { snapshot: undefined })
    expect(await processJob(deps, asyncJob, attempt())).toBe("not_yet")
    expect([tasks, records]).toEqual([[], []])
    expect(await processJob(deps, asyncJob, attempt({ runnableAt: NOW - 600_001 }))).toBe("retry")
    expect(records).toMatchObject([{ failure: "snapshot_missing" }])
  })
})

describe("an attempt that was stopped", () => {
  const stopped: Outcome = { status: "cancelled" }
  const aborted = (reason?: unknown) => attempt({ signal: AbortSignal.abort(reason) })

  test("because its execution is cancelled ends it: answered, recorded, never tried again", async () => {
    const { deps, tasks, replies, records } = start(stopped)
    expect(await processJob(deps, syncJob, aborted(CANCELLED))).toBe("done")
    expect(await processJob(deps, asyncJob, aborted(CANCELLED))).toBe("done")
    expect(tasks).toEqual([])
    expect(replies).toMatchObject([{ status: "failed", failure: "cancelled" }])
    expect(records).toMatchObject([
      { status: "cancelled", failure: "cancelled" },
      { status: "cancelled", failure: "cancelled" },
    ])
  })

  test("because its worker stops is tried again, or answered", async () => {
    const { deps, replies, records } = start(stopped)
    expect(await processJob(deps, asyncJob, aborted())).toBe("retry")
    expect(await processJob(deps, syncJob, aborted())).toBe("done")
    expect(replies).toMatchObject([{ status: "failed", failure: "interrupted" }])
    expect(records).toMatchObject([
      { status: "retrying", failure: "interrupted" },
      { status: "failed", failure: "interrupted" },
    ])
  })

  test("because its deadline passed is expired before the hook was called, and timed out after", async () => {
    const waited = start(stopped, { snapshot, runMs: 0 })
    await processJob(waited.deps, syncJob, attempt())
    expect(waited.replies).toMatchObject([{ failure: "expired" }])
    const ran = start(stopped)
    await processJob(ran.deps, syncJob, attempt())
    expect(ran.replies).toMatchObject([{ failure: "timed_out" }])
  })
})

test("a run that waits for its thread until the deadline is stopped a moment later", async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { deps, replies } = start({ status: "cancelled" }, { snapshot, runMs: 0 })
  const { run } = deps.executors
  deps.executors.run = async (task, signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve))
    return run(task, signal)
  }
  const processing = processJob(deps, syncJob, attempt())
  await vi.advanceTimersByTimeAsync(5_000)
  expect(replies).toEqual([])
  await vi.advanceTimersByTimeAsync(REPLY_GRACE_MS / 2)
  await processing
  expect(replies).toMatchObject([{ failure: "expired" }])
})

describe("a job whose hook has npm packages", () => {
  const built: Snapshot = { ...snapshot, bundleId: "b1" }
  const outcome: Outcome = { status: "returned" }

  test("runs with their bundle", async () => {
    const { deps, tasks } = start(outcome, { snapshot: built, bundles: { b1: "code" } })
    expect(await processJob(deps, asyncJob, attempt())).toBe("done")
    expect(tasks).toMatchObject([{ bundle: "code" }])
  })

  test("is tried again when their bundle is not in Redis", async () => {
    const { deps, tasks, records } = start(outcome, { snapshot: built })
    expect(await processJob(deps, asyncJob, attempt())).toBe("retry")
    expect(tasks).toEqual([])
    expect(records).toMatchObject([{ failure: "snapshot_missing" }])
  })

  test("waits while they are built, which is no attempt and no record", async () => {
    const { deps, tasks, records } = start(outcome, { snapshot: { ...snapshot, unbuilt: "pending" } })
    expect(await processJob(deps, asyncJob, attempt())).toBe("not_yet")
    expect([tasks, records]).toEqual([[], []])
  })

  test("waits for them no longer than ten minutes", async () => {
    const { deps, records } = start(outcome, { snapshot: { ...snapshot, unbuilt: "pending" } })
    expect(await processJob(deps, asyncJob, attempt({ runnableAt: NOW - 600_001 }))).toBe("dead")
    expect(records).toMatchObject([{ status: "dead_letter", failure: "bundle_failed" }])
  })

  test("is a dead letter at once when they could not be built", async () => {
    const { deps, tasks, records } = start(outcome, { snapshot: { ...snapshot, unbuilt: "failed" } })
    expect(await processJob(deps, asyncJob, attempt())).toBe("dead")
    expect(tasks).toEqual([])
    const error = { message: expect.stringContaining("/versions/1") }
    expect(records).toMatchObject([{ status: "dead_letter", failure: "bundle_failed", error }])
  })
})

describe("while there is nothing to run hooks in", () => {
  const outcome: Outcome = { status: "no_executor", reason: "the sandbox service is away" }
  const away = { snapshot, problem: "the sandbox service is away" }

  test("an asynchronous job waits, which is no attempt and no record", async () => {
    const { deps, tasks, records } = start(outcome, away)
    expect(await processJob(deps, asyncJob, attempt())).toBe("not_yet")
    expect([tasks, records]).toEqual([[], []])
  })

  test("it waits for a day, and no longer", async () => {
    const { deps, records } = start(outcome, away)
    const waiting = (ms: number) => processJob(deps, asyncJob, attempt({ runnableAt: NOW - ms }))
    expect(await waiting(86_400_000)).toBe("not_yet")
    expect(await waiting(86_400_001)).toBe("retry")
    expect(records).toMatchObject([{ failure: "no_executor" }])
  })

  test("a synchronous job is answered with the reason", async () => {
    const { deps, replies } = start(outcome, away)
    expect(await processJob(deps, syncJob, attempt())).toBe("done")
    expect(replies).toMatchObject([{ failure: "no_executor" }])
  })
})

describe.each(["no_executor", "paused", "executor_lost"] as const)("a run that ended as %s", (status) => {
  const outcome: Outcome = { status, reason: "of something else" }

  test("is no attempt of an asynchronous job, and no record", async () => {
    const { deps, records } = start(outcome)
    expect(await processJob(deps, asyncJob, attempt({ number: 5, isLast: true }))).toBe("not_yet")
    expect(records).toEqual([])
  })

  test("is told to the caller of a synchronous one, and does not blame the hook", async () => {
    const { deps, replies } = start(outcome)
    expect(await processJob(deps, syncJob, attempt())).toBe("done")
    const message = expect.stringMatching(/not (known to be|its own|started).*of something else/)
    expect(replies).toMatchObject([{ failure: status, error: { name: "HooklaneError", message } }])
  })
})

test("attempts whose worker died are recorded by the next one", async () => {
  const { deps, records } = start({ status: "returned" })
  await processJob(deps, asyncJob, attempt({ number: 4, lostBefore: 2 }))
  expect(records).toMatchObject([
    { status: "running", attempt: { attempt: 2, failure: "worker_lost", runMs: 0 } },
    { status: "running", attempt: { attempt: 3, failure: "worker_lost", runMs: 0 } },
    { status: "succeeded", attempt: { attempt: 4 } },
  ])
})

test("the hook gets its event and its secrets in clear, and nothing of them is recorded", async () => {
  const { deps, tasks, records } = start({ status: "returned" })
  await processJob(deps, asyncJob, attempt())
  expect(tasks[0]).toMatchObject({ event: '{"user":{}}', secrets: { KEY: "value" }, attempt: 1 })
  expect(JSON.stringify(records)).not.toContain("value")
})

test("a job whose worker died is answered, or becomes a dead letter", async () => {
  const { deps, replies, records } = start({ status: "returned" })
  await reportLostJob(deps, syncJob, 1)
  await reportLostJob(deps, asyncJob, 3)
  expect(replies).toMatchObject([{ status: "failed", failure: "worker_lost" }])
  expect(records).toMatchObject([
    { status: "failed", failure: "worker_lost" },
    { status: "dead_letter", failure: "worker_lost", attempt: { attempt: 3 } },
  ])
})

test("an asynchronous job that was sealed with a key of others waits for a worker that has it", async () => {
  const { deps, tasks, records } = start({ status: "returned" })
  const foreign = createKeyRing(generateMasterKey()).seal("{}", eventContext("exe_1"))
  expect(await processJob(deps, { ...asyncJob, sealedEvent: foreign }, attempt())).toBe("not_yet")
  expect([tasks, records]).toEqual([[], []])
})

test("a synchronous job that was sealed with a key of others is answered at once, with what to do", async () => {
  const { deps, tasks, replies } = start({ status: "returned" })
  const foreign = createKeyRing(generateMasterKey()).seal("{}", eventContext("exe_1"))
  expect(await processJob(deps, { ...syncJob, sealedEvent: foreign }, attempt())).toBe("done")
  expect(tasks).toEqual([])
  expect(replies).toMatchObject([
    { failure: "no_executor", error: { message: expect.stringContaining("the same HOOKLANE_MASTER_KEY") } },
  ])
})

test("an asynchronous job waits while a secret of its hook cannot be opened", async () => {
  const foreign = createKeyRing(generateMasterKey()).seal("value", secretContext("hook_1", "KEY"))
  const { deps, tasks, records } = start(
    { status: "returned" },
    { snapshot: { ...snapshot, sealedSecrets: { KEY: foreign } } },
  )
  expect(await processJob(deps, asyncJob, attempt())).toBe("not_yet")
  expect([tasks, records]).toEqual([[], []])
})
