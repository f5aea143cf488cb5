import {
  type Attempt,
  type ExecutionRecord,
  executionHead,
  type Failure,
  type Job,
  type Reply,
} from "@hooklane/core"
import type { JobAttempt, Verdict } from "@hooklane/queue"
import type { RecordKeeper } from "./record-keeper.ts"
import { type AttemptDeps, type AttemptResult, notStarted, runAttempt } from "./run-attempt.ts"

export interface JobDeps extends AttemptDeps {
  workerId: string
  /** Puts the answer of a synchronous job on its way to the gateway that waits for it; never fails. */
  reply: (answer: { address: string; executionId: string; reply: Reply }) => void
  /** Keeps the worker from closing before a run that has answered is at its end. */
  track: (end: Promise<void>) => void
  /** What happened, on its way to the event stream. */
  records: Pick<RecordKeeper, "keep" | "keepLater" | "room">
}

/**
 * Handles one job: refuses what is past its deadline, runs the hook, answers, and records what happened.
 *
 * A synchronous job is answered before anything else is done for it, and is "done" however it ended: it has one
 * attempt. Answer, record and the queue's own end of the job leave in one packet, in this order; a run that goes on
 * after its answer is recorded once more at its end. An asynchronous
 * one is recorded before the queue hears of it, so that what has left the queue can be seen in the history. What was
 * cancelled is over.
 */
export async function processJob(deps: JobDeps, job: Job, attempt: JobAttempt): Promise<Verdict> {
  await deps.records.room(attempt.signal)
  recordLostAttempts(deps, job, attempt)
  if (await mustWait(deps, job, attempt)) return "not_yet"
  const result = await runAttempt(deps, job, attempt)
  if (isNotYet(deps, job, attempt, result)) return "not_yet"
  if (job.replyTo !== undefined) {
    deps.reply({ address: job.replyTo, executionId: job.executionId, reply: replyOf(result) })
    deps.records.keepLater(recordOf(deps, job, attempt, result))
    if (result.end) deps.track(recordEnd(deps, job, attempt, result.end))
    return "done"
  }
  await deps.records.keep(recordOf(deps, job, attempt, result), attempt.signal)
  if (!result.failure || result.failure === "cancelled") return "done"
  return retryDelay(result, attempt) === undefined ? "dead" : "retry"
}

/** The history has the answer; what came after it is added to the same attempt. */
async function recordEnd(
  deps: JobDeps,
  job: Job,
  attempt: AttemptFacts,
  end: Promise<AttemptResult>,
): Promise<void> {
  deps.records.keepLater(recordOf(deps, job, attempt, await end))
}

/**
 * A build takes minutes at most, and one that its gateway left goes on when a gateway is there again. After this time
 * the event is better kept as a dead letter, where it is seen.
 */
const BUILD_PATIENCE_MS = 600_000
/** What no hook can help is waited for over a night and the day on which somebody finds out. */
const PATIENCE_MS = 86_400_000

/**
 * Whether nothing can be tried yet: the npm packages of the job's hook are being built, its version is on its way back
 * to Redis, or there is nothing to run hooks in. A synchronous job has no time for that.
 */
async function mustWait(deps: JobDeps, job: Job, attempt: JobAttempt): Promise<boolean> {
  const { snapshots, executors } = deps
  if (canWait(deps, job, attempt, PATIENCE_MS) && (executors.problem() !== undefined || !canOpen(deps, job)))
    return true
  if (!canWait(deps, job, attempt, BUILD_PATIENCE_MS)) return false
  const snapshot = await snapshots.get(job.versionId)
  // One that left Redis was asked for just now, and a gateway brings it back.
  return snapshot === undefined || snapshot.unbuilt === "pending"
}

/** Another worker may have the key, or this one when it is started again. */
function canOpen({ keyRing }: JobDeps, { sealedEvent }: Job): boolean {
  return keyRing.has(sealedEvent)
}

function canWait({ now }: JobDeps, job: Job, { runnableAt }: JobAttempt, patienceMs: number): boolean {
  return job.replyTo === undefined && now() - runnableAt <= patienceMs
}

/** Ends of an attempt that say nothing of its event: it was not begun, or ended with a process that others took down. */
const NOT_YET: ReadonlySet<Failure> = new Set(["no_executor", "paused", "executor_lost"])

function isNotYet(deps: JobDeps, job: Job, attempt: JobAttempt, { failure }: AttemptResult): boolean {
  return failure !== undefined && NOT_YET.has(failure) && canWait(deps, job, attempt, PATIENCE_MS)
}

/** Records, and for a synchronous job answers, that the worker which had `job` in hand in its last attempt died. */
export async function reportLostJob(deps: JobDeps, job: Job, number: number): Promise<void> {
  const result = lostResult(deps)
  const attempt = { number, runnableAt: result.startedAt }
  if (job.replyTo !== undefined) {
    deps.reply({ address: job.replyTo, executionId: job.executionId, reply: replyOf(result) })
  }
  deps.records.keepLater(recordOf(deps, job, attempt, result))
}

/** An attempt whose worker died could not record itself: the next one does. Told twice, it is stored once. */
function recordLostAttempts(deps: JobDeps, job: Job, { number, lostBefore }: JobAttempt): void {
  for (let lost = number - lostBefore; lost < number; lost += 1) {
    const result = lostResult(deps)
    const attempt = attemptOf(deps, { number: lost, runnableAt: result.startedAt }, result)
    deps.records.keepLater({ head: executionHead(job), at: result.startedAt, status: "running", attempt })
  }
}

/** Of the attempt itself nothing is known: its time is when the loss was noticed, by this worker. */
function lostResult({ now }: JobDeps): AttemptResult {
  return notStarted(now(), "worker_lost", "The worker that ran the hook died before it could answer")
}

function replyOf({ outcome, failure, error, runMs }: AttemptResult): Reply {
  if (failure && error) return { status: "failed", failure, error, runMs }
  const value = outcome?.status === "returned" ? outcome.value : undefined
  return { status: "succeeded", runMs, ...(value !== undefined && { value }) }
}

/** The parts of an attempt that its record needs. */
type AttemptFacts = Pick<JobAttempt, "number" | "runnableAt" | "nextDelayMs">

function recordOf(deps: JobDeps, job: Job, attempt: AttemptFacts, result: AttemptResult): ExecutionRecord {
  const base = { head: executionHead(job), at: deps.now(), attempt: attemptOf(deps, attempt, result) }
  const { failure, error } = result
  if (!failure) return { ...base, status: "succeeded" }
  if (failure === "cancelled") return { ...base, status: "cancelled", failure, error }
  if (job.replyTo !== undefined) return { ...base, status: "failed", failure, error }
  const delayMs = retryDelay(result, attempt)
  if (delayMs === undefined) return { ...base, status: "dead_letter", failure, error }
  return { ...base, status: "retrying", nextAttemptAt: base.at + delayMs, failure, error }
}

function attemptOf(deps: JobDeps, attempt: AttemptFacts, result: AttemptResult): Attempt {
  const { startedAt, runMs, failure, error, logs, logsTruncated, calls, kill, afterAnswer, afterAnswerMs } =
    result
  return {
    attempt: attempt.number,
    workerId: deps.workerId,
    startedAt,
    queueMs: Math.max(0, startedAt - attempt.runnableAt),
    runMs,
    logs,
    logsTruncated,
    ...(calls && { calls }),
    ...(kill && { kill }),
    ...(afterAnswer && { afterAnswer }),
    ...(afterAnswerMs !== undefined && { afterAnswerMs }),
    ...(failure && { failure }),
    ...(error && { error }),
  }
}

/** Undefined when there is no next attempt: what is wrong with a version's code or packages fails alike each time. */
function retryDelay({ failure }: AttemptResult, attempt: AttemptFacts): number | undefined {
  return failure === "not_compiled" || failure === "bundle_failed" ? undefined : attempt.nextDelayMs
}
