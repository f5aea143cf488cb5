import {
  AppError,
  describeUnbuilt,
  type ErrorCode,
  type ExecutionRecord,
  eventContext,
  executionHead,
  type Failure,
  type HookError,
  type Job,
  type Json,
  REPLY_GRACE_MS,
  type Refusal,
  type Reply,
  type Snapshot,
  type Trigger,
  type TriggerEvent,
} from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { Lanes, Replies } from "@hooklane/queue"
import type { Admission } from "./admission.ts"
import { type CancelDeps, cancelJob } from "./cancel.ts"
import type { EnabledHooks } from "./enabled-hooks.ts"
import type { EventTiming } from "./event-options.ts"
import type { PolicyNote } from "./failure-policy.ts"

export interface DispatchDeps extends CancelDeps {
  keyRing: KeyRing
  admission: Admission
  enabledHooks: Pick<EnabledHooks, "get">
  lanes: Pick<Lanes, "enqueue" | "removeWaiting">
  replies: Pick<Replies, "address" | "wait">
  /** Puts a record on its way to the history; never fails, never waits. */
  record: (record: ExecutionRecord) => void
  newExecutionId: () => string
  syncTimeoutMs: number
}

export interface EventOptions extends EventTiming {
  /** Of an event that may have been stored before; a new one by default. */
  executionId?: string
  traceparent?: string | undefined
  replayOf?: string | undefined
  /** Aborts when the caller of a synchronous trigger goes away: nobody wants the answer then. */
  callerGone?: AbortSignal | undefined
}

/**
 * What a trigger answers. `skipped`: the event passes through unchanged, because there is no enabled hook. With a
 * `policy` it is not the hook's answer but what was to be told when it failed.
 */
export type DispatchResult =
  | { status: "skipped"; policy?: undefined }
  | { status: "skipped"; executionId: string; policy: PolicyNote; durationMs: number }
  | { status: "queued"; executionId: string; executions?: string[] }
  | SucceededResult
  | FailedResult

interface SucceededResult {
  status: "succeeded"
  executionId: string
  result: Json | undefined
  policy?: PolicyNote
  /** Of a chain: the executions of all its hooks that were reached. */
  executions?: string[]
  durationMs: number
}

interface FailedResult {
  status: "failed"
  executionId: string
  failure: Failure
  error: HookError
  /** What the caller may answer its own client. */
  response?: Refusal
  executions?: string[]
  durationMs: number
}

/** Failures of a run that are the service's to answer for; the others are the hook's own answer. */
const SERVICE_FAILURES: { [failure in Failure]?: ErrorCode } = {
  timed_out: "hook_timed_out",
  expired: "hook_timed_out",
  late: "hook_timed_out",
  out_of_memory: "hook_out_of_memory",
  crashed: "hook_crashed",
  worker_lost: "worker_lost",
  executor_lost: "executor_lost",
  no_executor: "no_executor",
  paused: "hook_paused",
  bundle_failed: "bundle_failed",
  snapshot_missing: "internal_error",
  internal_error: "internal_error",
  interrupted: "shutting_down",
  cancelled: "execution_cancelled",
}

/** A build takes a few seconds, and so does a pause. */
const NOT_READY_RETRY_SECONDS = 2

/**
 * Brings an event to the enabled hook of its trigger. An asynchronous event is "queued" once Redis has said yes;
 * a synchronous one comes back with the hook's answer.
 * @throws AppError when the event is refused, or when a synchronous run ended without an answer of the hook's
 */
export async function dispatch(
  deps: DispatchDeps,
  { trigger, event, ...options }: { trigger: Trigger; event: TriggerEvent } & EventOptions,
): Promise<DispatchResult> {
  const snapshot = await deps.enabledHooks.get(trigger.id)
  if (!snapshot) return { status: "skipped" }
  const job = createJob(deps, snapshot, event, options)
  if (snapshot.unbuilt && trigger.mode === "sync") refuseUnbuilt(deps, snapshot, job)
  return trigger.mode === "sync" ? awaitAnswer(deps, { trigger, job, ...options }) : store(deps, job, options)
}

async function store(deps: DispatchDeps, job: Job, timing: EventTiming): Promise<DispatchResult> {
  const { priority, deliverAt } = timing
  await deps.admission.admitAsync(job.triggerId)
  await deps.lanes.enqueue(job, { priority, deliverAt })
  const head = executionHead(job)
  deps.record({ head, at: job.acceptedAt, status: "queued", ...(deliverAt && { nextAttemptAt: deliverAt }) })
  return { status: "queued", executionId: job.executionId }
}

async function awaitAnswer(
  deps: DispatchDeps,
  { trigger, job: stored, timeoutMs = deps.syncTimeoutMs, callerGone }: SyncCall,
): Promise<DispatchResult> {
  await deps.admission.admitSync(trigger.id, timeoutMs)
  if (callerGone?.aborted) throw callerLeft(stored)
  const deadlineAt = stored.acceptedAt + timeoutMs
  const job = { ...stored, deadlineAt, replyTo: deps.replies.address }
  // The waiter comes first: a fast worker may answer before `enqueue` returns.
  const giveUp = new AbortController()
  const waiting = deps.replies.wait(job.executionId, deadlineAt + REPLY_GRACE_MS, giveUp.signal)
  await deps.lanes.enqueue(job).catch((error: unknown) => {
    giveUp.abort()
    throw error
  })
  const leave = () => giveUp.abort()
  if (callerGone?.aborted) leave()
  callerGone?.addEventListener("abort", leave)
  const reply = await waiting
  if (reply) return resultOf(trigger, job, reply, deps.now() - job.acceptedAt)
  if (!callerGone?.aborted) return refuseUnanswered(deps, job)
  await cancelJob(deps, job)
  throw callerLeft(job)
}

interface SyncCall extends Pick<EventOptions, "timeoutMs" | "callerGone"> {
  trigger: Trigger
  job: Job
}

/** For the log: there is nobody to answer. */
function callerLeft({ executionId }: Job): AppError {
  return new AppError("execution_cancelled", "The caller went away", { executionId })
}

function createJob(deps: DispatchDeps, snapshot: Snapshot, event: TriggerEvent, options: EventOptions): Job {
  const { executionId = deps.newExecutionId(), traceparent, replayOf } = options
  return {
    executionId,
    triggerId: snapshot.triggerId,
    hookId: snapshot.hookId,
    hookName: snapshot.hookName,
    versionId: snapshot.versionId,
    acceptedAt: deps.now(),
    sealedEvent: deps.keyRing.seal(JSON.stringify(event), eventContext(executionId)),
    ...(traceparent && { traceparent }),
    ...(replayOf && { replayOf }),
  }
}

function resultOf(trigger: Trigger, job: Job, reply: Reply, durationMs: number): DispatchResult {
  const { executionId } = job
  if (reply.status === "succeeded") {
    return { status: "succeeded", executionId, result: trigger.applyResult(reply.value), durationMs }
  }
  const code = SERVICE_FAILURES[reply.failure]
  if (code) throw new AppError(code, reply.error.message, { executionId, ...retryHintFor(code) })
  const { failure, error } = reply
  const response = trigger.refusal?.(error)
  return { status: "failed", executionId, failure, error, durationMs, ...(response && { response }) }
}

/** Where the same call may succeed a moment later. */
function retryHintFor(code: ErrorCode): { retryAfterSeconds?: number } {
  return code === "no_executor" || code === "hook_paused"
    ? { retryAfterSeconds: NOT_READY_RETRY_SECONDS }
    : {}
}

/** The hook cannot run (yet). An asynchronous event is taken nevertheless: its job waits, or is a dead letter. */
function refuseUnbuilt(deps: DispatchDeps, snapshot: Snapshot, job: Job): never {
  const message = describeUnbuilt(snapshot)
  if (snapshot.unbuilt === "pending")
    throw new AppError("hook_not_ready", message, { retryAfterSeconds: NOT_READY_RETRY_SECONDS })
  const error = { name: "HooklaneError", message }
  deps.record({ head: executionHead(job), at: deps.now(), status: "failed", failure: "bundle_failed", error })
  throw new AppError("bundle_failed", message, { executionId: job.executionId })
}

/** No answer by the deadline, whatever died: the caller hears of it now, and the history says so. */
function refuseUnanswered(deps: DispatchDeps, job: Job & { deadlineAt: number }): never {
  const message = `No answer came within ${job.deadlineAt - job.acceptedAt} ms`
  const error = { name: "TimeoutError", message }
  deps.record({ head: executionHead(job), at: deps.now(), status: "failed", failure: "timed_out", error })
  throw new AppError("hook_timed_out", message, { executionId: job.executionId })
}
