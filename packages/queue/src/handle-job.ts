import { type Job, jobSchema, type RetryPolicy, retryDelayMs, TRIGGERS, type TriggerId } from "@hooklane/core"
import { DelayedError, type Job as QueueJob, UnrecoverableError } from "bullmq"
import { openAttemptSignal } from "./attempt-signal.ts"
import type { Cancellations } from "./cancellations.ts"
import type { Log } from "./log.ts"

/**
 * - `done`: the job is over (also when the hook failed and the failure is the answer)
 * - `retry`: try again after `attempt.nextDelayMs`; on the last attempt the same as `dead`
 * - `dead`: no more attempts; an asynchronous job becomes a dead letter
 * - `not_yet`: nothing was tried, because the hook cannot run yet; the job comes again a moment later, and this
 *   was no attempt. For asynchronous jobs.
 */
export type Verdict = "done" | "retry" | "dead" | "not_yet"

export interface JobAttempt {
  /** From 1. Attempts whose worker was lost count. */
  number: number
  isLast: boolean
  /** How many attempts directly before this one ended without a verdict, because their worker was lost. */
  lostBefore: number
  /** When the job could first be started: accepted, or due for its next attempt. Epoch milliseconds. */
  runnableAt: number
  /** Delay that a `retry` verdict will have, chosen beforehand so that it can be recorded; absent on the last. */
  nextDelayMs?: number
  /** Aborts when the consumer is closed by force, and with the reason `CANCELLED` when nobody wants it any more. */
  signal: AbortSignal
}

/** Who handles the jobs of a lane. */
export interface JobHandler {
  triggerId: TriggerId
  /** Asynchronous lanes only: a synchronous job has one attempt. */
  retryPolicy: RetryPolicy
  process(job: Job, attempt: JobAttempt): Promise<Verdict>
  /**
   * The job was given up without a verdict and will not run again: its worker was lost in its last attempt
   * (`attempt`), or `process` threw in it, or did not end after a forced close. Called before the job is
   * moved, so at least once. A worker that was cut off from Redis for longer than its lock counts as lost as
   * well: then the attempt may end with a verdict nevertheless.
   */
  onLost(job: Job, attempt: number): Promise<void>
  /** Where cancellations are heard; without it no attempt is cancelled. */
  cancellations?: Cancellations
  log: Log
}

/** `signal` aborts when the consumer is closed by force. */
type Handling = JobHandler & { signal: AbortSignal }

type AttemptFacts = Omit<JobAttempt, "signal">

// Time that an attempt has to end after a forced close.
const GRACE_MS = 1_000

// Reasons that BullMQ keeps with a dead letter.
const USED_UP = "The attempts are used up"
const LOST = "The worker was lost in the last attempt"

// Short beside what such a job waits for. The longer that takes, the less often it is looked at: a tenth of its wait.
const NOT_YET_MS = 1_000
const MAX_NOT_YET_MS = 30_000
const NOT_YET_SHARE = 0.1

// For failures between us and Redis after a verdict: the job is tried again rather than given up.
const UNEXPECTED_RETRY_MS = 1_000

/**
 * Handles one delivery of a job.
 * @throws RetryLater, which makes BullMQ try again, UnrecoverableError, which makes it give the job up, or
 * DelayedError, when the job was put back
 */
export async function handleJob(handling: Handling, queueJob: QueueJob<unknown>): Promise<void> {
  const { log, triggerId } = handling
  const parsed = jobSchema.safeParse(queueJob.data)
  if (!parsed.success) {
    log.error({ jobId: queueJob.id, triggerId, issues: parsed.error.issues }, "job does not parse")
    throw new UnrecoverableError("The job does not parse")
  }
  const job = parsed.data
  const attempt = describeAttempt(handling, queueJob)
  const wasLost = queueJob.stalledCounter > 0 && attempt.number > attemptsOf(handling)
  if (wasLost) {
    // Its last one, also when this is not the first try to tell.
    await report(handling, job, Math.min(attempt.number - 1, attemptsOf(handling)))
    throw new UnrecoverableError(LOST)
  }
  const verdict = await judgeUnlessCancelled(handling, job, attempt)
  if (verdict === "done") return
  if (verdict === "not_yet") await postpone(queueJob, attempt)
  if (verdict === "lost") await report(handling, job, attempt.number)
  if (verdict === "retry" && attempt.nextDelayMs !== undefined)
    throw new RetryLater(attempt.number, attempt.nextDelayMs)
  throw new UnrecoverableError(USED_UP)
}

/** @throws DelayedError, by which BullMQ knows that the job is where it belongs */
async function postpone(queueJob: QueueJob<unknown>, { runnableAt }: AttemptFacts): Promise<never> {
  const now = Date.now()
  const delayMs = Math.min(Math.max(NOT_YET_MS, (now - runnableAt) * NOT_YET_SHARE), MAX_NOT_YET_MS)
  await queueJob.moveToDelayed(now + delayMs, queueJob.token)
  throw new DelayedError()
}

/** Delay before BullMQ tries again after `error`, in ms. */
export function retryDelayOf(error: unknown): number {
  return error instanceof RetryLater ? error.delayMs : UNEXPECTED_RETRY_MS
}

/** Its message is kept with the job as `failedReason`: there the next attempt finds the last verdict. */
class RetryLater extends Error {
  readonly delayMs: number
  constructor(attempt: number, delayMs: number) {
    super(`attempt ${attempt} failed, retry at ${new Date(Date.now() + delayMs).toISOString()}`)
    this.delayMs = delayMs
  }
}

/** The last attempt that ended with a verdict, and when the next one was due; undefined before the first. */
function lastVerdict({ failedReason }: QueueJob<unknown>): { number: number; dueAt: number } | undefined {
  const [, number, dueAt] = /^attempt (\d+) failed, retry at (.+)$/.exec(failedReason ?? "") ?? []
  return number === undefined || dueAt === undefined
    ? undefined
    : { number: Number(number), dueAt: Date.parse(dueAt) }
}

/**
 * Attempts of a job that are used up. BullMQ counts failed ones (`attemptsMade`) and those whose worker was
 * lost (`stalledCounter`) apart. So a job that kills every worker ends as a dead letter, and a synchronous one,
 * which has one attempt, runs once. Giving up after a lost worker counts as failed once more.
 */
export function countAttempts(queueJob: QueueJob<unknown>): number {
  const counted = queueJob.attemptsMade + queueJob.stalledCounter
  return queueJob.failedReason === LOST ? counted - 1 : counted
}

function describeAttempt(handling: Handling, queueJob: QueueJob<unknown>): AttemptFacts {
  const number = countAttempts(queueJob) + 1
  const isLast = number >= attemptsOf(handling)
  const last = lastVerdict(queueJob)
  return {
    number,
    isLast,
    lostBefore: number - 1 - (last?.number ?? 0),
    runnableAt: last?.dueAt ?? queueJob.timestamp + (queueJob.opts.delay ?? 0),
    ...(isLast ? {} : { nextDelayMs: retryDelayMs(handling.retryPolicy, number) }),
  }
}

function attemptsOf({ triggerId, retryPolicy }: Handling): number {
  return TRIGGERS[triggerId].mode === "sync" ? 1 : retryPolicy.attempts
}

async function judgeUnlessCancelled(
  handling: Handling,
  job: Job,
  attempt: AttemptFacts,
): Promise<Verdict | "lost"> {
  const { signal, cancel, close } = openAttemptSignal(handling, job.executionId)
  try {
    // A first attempt is cancelled while its job waits, or hears of it.
    if (attempt.number > 1 && (await wasCancelled(handling, job))) cancel()
    return await judge(handling, job, { ...attempt, signal })
  } finally {
    close()
  }
}

/** Without Redis the attempt goes on: its verdict would have to wait for Redis as well. */
async function wasCancelled({ cancellations, log }: Handling, { executionId }: Job): Promise<boolean> {
  try {
    return (await cancellations?.wasCancelled(executionId)) ?? false
  } catch (err) {
    log.warn({ err, executionId }, "cancellation not looked up")
    return false
  }
}

async function judge(handling: Handling, job: Job, attempt: JobAttempt): Promise<Verdict | "lost"> {
  try {
    return await withinGrace(handling.process(job, attempt), handling.signal)
  } catch (err) {
    handling.log.error(
      { err, executionId: job.executionId, triggerId: job.triggerId, attempt: attempt.number },
      "attempt ended without a verdict",
    )
    return attempt.isLast ? "lost" : "retry"
  }
}

async function report({ onLost, log }: Handling, job: Job, attempt: number): Promise<void> {
  const { executionId, triggerId } = job
  log.error({ executionId, triggerId, attempt }, "job lost")
  try {
    await onLost(job, attempt)
  } catch (err) {
    log.error({ err, executionId, triggerId, attempt }, "lost job not reported")
  }
}

/** `work`, or an error when it has not ended `GRACE_MS` after `signal` aborted. */
async function withinGrace<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: abandoned, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const startTimer = () => {
    timer = setTimeout(() => reject(new Error("The attempt did not end after its signal aborted")), GRACE_MS)
  }
  if (signal.aborted) startTimer()
  else signal.addEventListener("abort", startTimer)
  try {
    return await Promise.race([work, abandoned])
  } finally {
    signal.removeEventListener("abort", startTimer)
    clearTimeout(timer)
  }
}
