import {
  type AfterAnswerRecord,
  describeAfterAnswer,
  describeOutcome,
  describeUnbuilt,
  eventContext,
  type Failure,
  type HookError,
  type Job,
  type Kill,
  type LogLine,
  type OutboundCall,
  type Outcome,
  REPLY_GRACE_MS,
  type RunReport,
  type Snapshot,
  secretContext,
} from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { Executors, HookStorage } from "@hooklane/executor"
import { CANCELLED, type JobAttempt } from "@hooklane/queue"
import type { BundleCache } from "./bundle-cache.ts"
import type { SnapshotCache } from "./snapshot-cache.ts"

export interface AttemptDeps {
  keyRing: KeyRing
  snapshots: SnapshotCache
  bundles: BundleCache
  executors: Pick<Executors, "run" | "problem">
  hookStorage: HookStorage
  limits: { timeoutMs: number; heapMb: number; afterAnswerMs?: number | undefined }
  now: () => number
}

/** What one try came to. Times are epoch milliseconds and milliseconds. */
export interface AttemptResult {
  startedAt: number
  runMs: number
  /** How user code ended; absent when it was not started. */
  outcome?: Outcome
  logs: LogLine[]
  logsTruncated: boolean
  calls?: OutboundCall[]
  kill?: Kill
  afterAnswer?: AfterAnswerRecord
  afterAnswerMs?: number
  /** Of one with a caller that has answered and goes on: the same, when it is at its end. */
  end?: Promise<AttemptResult>
  /** Absent when the attempt succeeded. */
  failure?: Failure
  error?: HookError
}

/** Another worker may have it, or this one when it is started again. */
const NO_KEY =
  "The worker does not have the master key that the event or a secret was sealed with. All processes need the same " +
  "HOOKLANE_MASTER_KEY; while it is changed, the old key and the new one"

/** Of a run with a caller, after its answer, when no setting says otherwise. */
const AFTER_ANSWER_MS = 5_000

/** Runs the hook of `job` once, unless nobody wants it, its deadline has passed or its version cannot be had. */
export async function runAttempt(deps: AttemptDeps, job: Job, attempt: JobAttempt): Promise<AttemptResult> {
  const startedAt = deps.now()
  if (isCancelled(attempt)) return notStarted(startedAt, "cancelled", "The execution was cancelled")
  const leftMs = (job.deadlineAt ?? Number.POSITIVE_INFINITY) - startedAt
  if (leftMs <= 0) return notStarted(startedAt, "expired", "The deadline had passed before a worker was free")
  if (!deps.keyRing.has(job.sealedEvent)) return notStarted(startedAt, "no_executor", NO_KEY)
  const snapshot = await deps.snapshots.get(job.versionId)
  if (!snapshot)
    return notStarted(startedAt, "snapshot_missing", `Version ${job.versionId} of the hook is not in Redis`)
  const sealed = Object.values(snapshot.sealedSecrets)
  if (!sealed.every(deps.keyRing.has)) return notStarted(startedAt, "no_executor", NO_KEY)
  if (snapshot.unbuilt) return notStarted(startedAt, "bundle_failed", describeUnbuilt(snapshot))
  const bundle = snapshot.bundleId === undefined ? undefined : await deps.bundles.get(snapshot.bundleId)
  if (snapshot.bundleId !== undefined && bundle === undefined)
    return notStarted(
      startedAt,
      "snapshot_missing",
      `Bundle ${snapshot.bundleId} of the hook is not in Redis`,
    )
  using deadline = watchDeadline(attempt.signal, leftMs)
  const { promise: answered, resolve: onAnswered } = Promise.withResolvers<RunReport>()
  const hasCaller = job.replyTo !== undefined
  const ended = deps.executors.run(
    {
      executionId: job.executionId,
      attempt: attempt.number,
      snapshot,
      ...(bundle !== undefined && { bundle }),
      secrets: openSecrets(deps.keyRing, snapshot),
      storage: deps.hookStorage,
      event: deps.keyRing.open(job.sealedEvent, eventContext(job.executionId)),
      limits: limitsOf(deps, { leftMs, hasCaller }),
      onAnswered,
    },
    deadline.signal,
  )
  const first = await (hasCaller ? Promise.race([answered, ended]) : ended)
  const failure = failureOf({ job, attempt }, first)
  const told = { ...failure, ...lateness(job, deps.now()) }
  const resultOf = (report: RunReport): AttemptResult => ({ startedAt, ...withAfterAnswer(report), ...told })
  if (first.afterAnswer?.ms !== undefined || !first.afterAnswer) return resultOf(first)
  // How it answered stays what it was.
  return { ...resultOf(first), end: ended.then(resultOf) }
}

function limitsOf({ limits }: AttemptDeps, { leftMs, hasCaller }: { leftMs: number; hasCaller: boolean }) {
  const afterAnswerMs = limits.afterAnswerMs ?? (hasCaller ? AFTER_ANSWER_MS : undefined)
  return {
    heapMb: limits.heapMb,
    timeoutMs: Math.min(limits.timeoutMs, leftMs),
    ...(afterAnswerMs !== undefined && { afterAnswerMs }),
  }
}

/** What came after the answer, as the attempt keeps it. */
function withAfterAnswer({ afterAnswer, ...report }: RunReport) {
  if (!afterAnswer) return report
  const error = describeAfterAnswer(afterAnswer)
  return {
    ...report,
    afterAnswer: { cut: afterAnswer.cut, ...(error && { error }) },
    ...(afterAnswer.ms !== undefined && { afterAnswerMs: afterAnswer.ms }),
  }
}

/** An attempt that failed before user code was reached. */
export function notStarted(startedAt: number, failure: Failure, message: string): AttemptResult {
  return {
    startedAt,
    runMs: 0,
    logs: [],
    logsTruncated: false,
    ...ours(failure, message),
  }
}

/** Whether the attempt was stopped, or kept from starting, because nobody wants its execution any more. */
function isCancelled({ signal }: JobAttempt): boolean {
  return signal.reason === CANCELLED
}

/**
 * A run's own limit is counted from the call of the hook. This holds over the wait for a thread as well; it comes
 * later than the limit, which says more about the run, and before the gateway stops listening.
 */
const DEADLINE_SLACK_MS = REPLY_GRACE_MS / 5

function watchDeadline(signal: AbortSignal, leftMs: number): Disposable & { signal: AbortSignal } {
  if (leftMs === Number.POSITIVE_INFINITY) return { signal, [Symbol.dispose]() {} }
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  const timer = setTimeout(stop, leftMs + DEADLINE_SLACK_MS)
  if (signal.aborted) stop()
  signal.addEventListener("abort", stop)
  return {
    signal: stopping.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal.removeEventListener("abort", stop)
    },
  }
}

/** Why a run was stopped by its signal. */
function stopOf(attempt: JobAttempt, { runMs }: Pick<AttemptResult, "runMs">) {
  if (isCancelled(attempt)) return ours("cancelled", "The execution was cancelled")
  if (attempt.signal.aborted)
    return ours("interrupted", "The worker was stopped before the hook had answered")
  if (runMs > 0) return ours("timed_out", "The hook did not answer before the deadline")
  return ours("expired", "The deadline had passed before the hook could be started")
}

function ours(failure: Failure, message: string): { failure: Failure; error: HookError } {
  return { failure, error: { name: "HooklaneError", message } }
}

function openSecrets(keyRing: KeyRing, { hookId, sealedSecrets }: Snapshot): Record<string, string> {
  const opened = Object.entries(sealedSecrets).map(([name, sealed]) => [
    name,
    keyRing.open(sealed, secretContext(hookId, name)),
  ])
  return Object.fromEntries(opened)
}

type Failing = Pick<AttemptResult, "failure" | "error">

function failureOf({ job, attempt }: { job: Job; attempt: JobAttempt }, report: RunReport): Failing {
  const { outcome, afterAnswer } = report
  if (outcome.status === "cancelled") return stopOf(attempt, report)
  const failure = asFailure(outcome, describeOutcome(outcome))
  // A caller has the answer. What nobody waits for has succeeded when its work is done.
  if (failure.failure || job.replyTo !== undefined || !afterAnswer?.outcome) return failure
  if (afterAnswer.outcome.status === "cancelled") return stopOf(attempt, report)
  return asFailure(afterAnswer.outcome, describeAfterAnswer(afterAnswer))
}

function asFailure({ status }: Outcome, error: HookError | undefined): Failing {
  return status === "returned" || !error ? {} : { failure: status, error }
}

/** The gateway has stopped listening: whatever the hook answered was not applied, and the history says so. */
function lateness(job: Job, endedAt: number): Pick<AttemptResult, "failure" | "error"> {
  if (job.deadlineAt === undefined || endedAt <= job.deadlineAt + REPLY_GRACE_MS) return {}
  return ours("late", "The answer came after the deadline and was not applied")
}
