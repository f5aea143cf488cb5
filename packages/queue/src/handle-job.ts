import { type Job, jobSchema, type RetryPolicy, retryDelayMs, TRIGGERS, type TriggerId } from "@hooklane/core"
import { type Job as QueueJob, UnrecoverableError } from "bullmq"
import type { Log } from "./log.ts"

/**
 * - `done`: the job is over (also when the hook failed and the failure is the answer)
 * - `retry`: try again after `attempt.nextDelayMs`; on the last attempt the same as `dead`
 * - `dead`: no more attempts; an asynchronous job becomes a dead letter
 */
export type Verdict = "done" | "retry" | "dead"

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
  /** Aborts when the consumer is closed by force. */
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
  log: Log
}

type Handling = JobHandler & { signal: AbortSignal }

// Time that an attempt has to end after a forced close.
const GRACE_MS = 1_000

// Reasons that BullMQ keeps with a dead letter.
const USED_UP = "The attempts are used up"
const LOST = "The worker was lost in the last attempt"

// For failures between us and Redis after a verdict: the job is tried again rather than given up.
const UNEXPECTED_RETRY_MS = 1_000

/**
 * Handles one delivery of a job.
 * @throws RetryLater, which makes BullMQ try again, or UnrecoverableError, which makes it give the job up
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
    await report(handling, job, attempt.number - 1)
    throw new UnrecoverableError(LOST)
  }
  const verdict = await judge(handling, job, attempt)
  if (verdict === "done") return
  if (verdict === "lost") await report(handling, job, attempt.number)
  if (verdict === "retry" && attempt.nextDelayMs !== undefined)
    throw new RetryLater(attempt.number, attempt.nextDelayMs)
  throw new UnrecoverableError(USED_UP)
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

function describeAttempt(handling: Handling, queueJob: QueueJob<unknown>): JobAttempt {
  const number = countAttempts(queueJob) + 1
  const isLast = number >= attemptsOf(handling)
  const last = lastVerdict(queueJob)
  return {
    number,
    isLast,
    lostBefore: number - 1 - (last?.number ?? 0),
    runnableAt: last?.dueAt ?? queueJob.timestamp,
    ...(isLast ? {} : { nextDelayMs: retryDelayMs(handling.retryPolicy, number) }),
    signal: handling.signal,
  }
}

function attemptsOf({ triggerId, retryPolicy }: Handling): number {
  return TRIGGERS[triggerId].mode === "sync" ? 1 : retryPolicy.attempts
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
