import {
  AppError,
  type ErrorCode,
  type Failure,
  type HookError,
  type Snapshot,
  type TriggerId,
} from "@hooklane/core"
import { byDeadline, LATEST_ANSWER_MS } from "./by-deadline.ts"
import type { CallEnd } from "./circuit-breaker.ts"
import type { Circuits } from "./circuits.ts"
import { type DispatchDeps, type DispatchResult, dispatch } from "./dispatch.ts"
import { type FailurePolicy, type PolicyNote, readFailurePolicy } from "./failure-policy.ts"
import { toAppError } from "./problem.ts"

export interface PolicyDispatchDeps extends DispatchDeps {
  circuits: Pick<Circuits, "of">
  log: Record<"warn" | "error", (fields: object, message: string) => void>
}

export type Submission = Parameters<typeof dispatch>[1]

/**
 * `dispatch`, and where a synchronous hook fails, what its script says of that: the error (closed), to go on as if
 * there were no hook (open), or a result of its own (fallback). A hook that called back with an error has answered.
 */
export function createPolicyDispatch(
  deps: PolicyDispatchDeps,
  // For the time in which it cannot be known, because Redis or the database is away.
  lastEnabled = new Map<TriggerId, Snapshot | undefined>(),
) {
  async function findHook(triggerId: TriggerId, latestAt: number) {
    try {
      const snapshot = await byDeadline(deps.enabledHooks.get(triggerId), { latestAt, now: deps.now })
      lastEnabled.set(triggerId, snapshot)
      return { snapshot }
    } catch (trouble) {
      return { snapshot: lastEnabled.get(triggerId), trouble }
    }
  }

  return async (submission: Submission): Promise<DispatchResult> => {
    if (submission.trigger.mode === "async") return dispatch(deps, submission)
    const startedAt = deps.now()
    const deadlineAt = startedAt + (submission.timeoutMs ?? deps.syncTimeoutMs)
    const latestAt = deadlineAt + LATEST_ANSWER_MS
    const { snapshot, trouble } = await findHook(submission.trigger.id, latestAt)
    const policy = readFailurePolicy(snapshot?.script ?? "")
    // Under one id, what the worker tells of the run and what is told here meet in the history.
    const { executionId = deps.newExecutionId() } = submission
    const identified = { ...submission, executionId, timeoutMs: Math.max(1, deadlineAt - deps.now()) }
    const run = async () => {
      if (trouble) throw trouble
      return byDeadline(dispatch(deps, identified), { latestAt, now: deps.now })
    }
    if (!snapshot || (policy.onFailure === "closed" && !policy.hasCircuit)) return run()
    return runGuarded(deps, { submission: identified, snapshot, policy, run, startedAt })
  }
}

interface GuardedRun {
  submission: Submission & { executionId: string }
  snapshot: Snapshot
  policy: FailurePolicy
  run: () => Promise<DispatchResult>
  startedAt: number
}

/** A run without an answer of the hook's. */
interface FailedRun {
  failure: Failure
  error: HookError
  /** What its caller is told without a policy. */
  tell: () => DispatchResult
}

async function runGuarded(deps: PolicyDispatchDeps, guarded: GuardedRun): Promise<DispatchResult> {
  const { policy, snapshot, startedAt } = guarded
  const circuit = policy.hasCircuit ? deps.circuits.of(snapshot) : undefined
  const call = circuit?.admit()
  if (circuit && !call) return answerFor(deps, guarded, failedWith(circuitOpen()))
  let end: CallEnd = "neither"
  try {
    const { result, failed } = await attempt(deps, guarded)
    if (failed === undefined) {
      end = "succeeded"
      return result
    }
    if (OWN_FAILURES.has(failed.failure)) end = "failed"
    return answerFor(deps, guarded, failed)
  } finally {
    call?.end(end, deps.now() - startedAt)
  }
}

/** Failures that are the hook's own doing; the others say nothing of it. */
const OWN_FAILURES: ReadonlySet<Failure> = new Set([
  "timed_out",
  "crashed",
  "out_of_memory",
  "bundle_failed",
  "threw",
  "not_compiled",
  "invalid_result",
])

type Attempted = { result: DispatchResult; failed?: undefined } | { result?: undefined; failed: FailedRun }

async function attempt({ log }: PolicyDispatchDeps, { policy, run }: GuardedRun): Promise<Attempted> {
  try {
    const result = await run()
    if (result.status !== "failed" || result.failure === "rejected") return { result }
    const { failure, error } = result
    return { failed: { failure, error, tell: () => result } }
  } catch (error) {
    const known = toAppError(error)
    // The caller left, or an operator stopped the run.
    if (known.code === "execution_cancelled") throw error
    if (known.code === "internal_error" && policy.onFailure !== "closed")
      log.error({ err: known.cause ?? known }, "request failed")
    return { failed: failedWith(known) }
  }
}

const FAILURE_OF: { [code in ErrorCode]?: Failure } = {
  hook_timed_out: "timed_out",
  hook_crashed: "crashed",
  hook_out_of_memory: "out_of_memory",
  hook_not_ready: "not_ready",
  bundle_failed: "bundle_failed",
  worker_lost: "worker_lost",
  executor_lost: "executor_lost",
  no_executor: "no_executor",
  hook_paused: "paused",
  no_worker: "no_worker",
  shutting_down: "interrupted",
  overloaded: "overloaded",
  redis_unavailable: "redis_unavailable",
  circuit_open: "circuit_open",
}

function failedWith(error: AppError): FailedRun {
  return {
    failure: FAILURE_OF[error.code] ?? "internal_error",
    error: { name: "HooklaneError", message: error.message },
    tell: () => {
      throw error
    },
  }
}

function circuitOpen(): AppError {
  return new AppError("circuit_open", "The hook failed too often and is left alone for a while", {
    retryAfterSeconds: 1,
  })
}

function answerFor(
  deps: PolicyDispatchDeps,
  guarded: GuardedRun,
  { failure, error, tell }: FailedRun,
): DispatchResult {
  const { policy, startedAt, submission } = guarded
  if (policy.onFailure === "closed") return tell()
  const { executionId, trigger } = submission
  const note: PolicyNote = { onFailure: policy.onFailure, failure, message: error.message }
  recordAnswer(deps, guarded, { failure, error })
  const answer = { executionId, policy: note, durationMs: deps.now() - startedAt }
  if (policy.onFailure === "open") return { status: "skipped", ...answer }
  return { status: "succeeded", result: trigger.applyResult(policy.result), ...answer }
}

function recordAnswer(
  { record, log, now }: PolicyDispatchDeps,
  { snapshot, policy, startedAt, submission: { executionId } }: GuardedRun,
  { failure, error }: Pick<FailedRun, "failure" | "error">,
): void {
  if (policy.onFailure === "closed") return
  const { triggerId, hookId, hookName, versionId } = snapshot
  const head = { executionId, triggerId, hookId, hookName, versionId, acceptedAt: startedAt }
  record({ head, at: now(), status: "failed", failure, error, answeredBy: policy.onFailure })
  log.warn(
    { executionId, triggerId, hookId, failure, answeredBy: policy.onFailure },
    "answered in place of the hook",
  )
}
