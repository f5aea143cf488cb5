import { AppError, type Config, type Json, type Snapshot, type Trigger, type TriggerId } from "@hooklane/core"
import { byDeadline, LATEST_ANSWER_MS } from "./by-deadline.ts"
import type { DispatchResult } from "./dispatch.ts"
import type { EnabledHooks } from "./enabled-hooks.ts"
import { createPolicyDispatch, type PolicyDispatchDeps, type Submission } from "./policy-dispatch.ts"

export type ChainDeps = PolicyDispatchDeps & {
  config: Pick<Config, "chains">
  enabledHooks: Pick<EnabledHooks, "get" | "all">
}

/**
 * Brings an event to every enabled hook of its trigger. One is the rule; where the deployment allows a chain, the hooks
 * of a synchronous trigger run one after the other, each with what the ones before changed, until one does not
 * succeed. Those of an asynchronous trigger are stored each as an execution of its own.
 */
export function createChain(deps: ChainDeps): (submission: Submission) => Promise<DispatchResult> {
  const { config, now, syncTimeoutMs } = deps
  const dispatchAlone = createPolicyDispatch(deps)
  const findHooks = createHookSearch(deps)

  return async (submission) => {
    if (!config.chains.includes(submission.trigger.id)) return dispatchAlone(submission)
    const deadlineAt = now() + (submission.timeoutMs ?? syncTimeoutMs)
    const { snapshots, trouble } = await findHooks(submission.trigger, deadlineAt + LATEST_ANSWER_MS)
    const timed = { ...submission, timeoutMs: Math.max(1, deadlineAt - now()) }
    if (trouble !== undefined && snapshots.length === 0) throw trouble
    if (trouble === undefined && snapshots.length < 2) return dispatchAlone(timed)
    const hooks = snapshots.map((snapshot, index) => ({ snapshot, isFirst: index === 0, trouble }))
    return timed.trigger.mode === "sync" ? followChain(deps, timed, hooks) : storeForEach(deps, timed, hooks)
  }
}

/** A hook of a chain. `trouble` keeps it from being run, so that it answers by its failure policy. */
interface ChainedHook {
  snapshot: Snapshot
  isFirst: boolean
  trouble: unknown
}

/** The enabled hooks of a trigger; while they cannot be known, those that were enabled when they last could. */
function createHookSearch({ enabledHooks, now }: ChainDeps) {
  const lastEnabled = new Map<TriggerId, Snapshot[]>()

  return async (
    { id, mode }: Trigger,
    latestAt: number,
  ): Promise<{ snapshots: Snapshot[]; trouble?: unknown }> => {
    const search = enabledHooks.all(id)
    try {
      const snapshots = await (mode === "sync" ? byDeadline(search, { latestAt, now }) : search)
      lastEnabled.set(id, snapshots)
      return { snapshots }
    } catch (trouble) {
      return { snapshots: lastEnabled.get(id) ?? [], trouble }
    }
  }
}

function dispatchTo(
  deps: ChainDeps,
  { snapshot, isFirst, trouble }: ChainedHook,
  { executionId, ...submission }: Submission,
): Promise<DispatchResult> {
  const get = async () => {
    if (trouble !== undefined) throw trouble
    return snapshot
  }
  const lastEnabled = new Map([[snapshot.triggerId, snapshot]])
  const dispatchOne = createPolicyDispatch({ ...deps, enabledHooks: { get } }, lastEnabled)
  // An id that comes with the event is the first execution's.
  return dispatchOne(isFirst && executionId !== undefined ? { ...submission, executionId } : submission)
}

/** All hooks share the caller's deadline. The answer's execution is the last one that succeeded, or that failed. */
async function followChain(
  deps: ChainDeps,
  submission: Submission & { timeoutMs: number },
  hooks: ChainedHook[],
): Promise<DispatchResult> {
  const { now } = deps
  const { trigger, timeoutMs } = submission
  const startedAt = now()
  const executions: string[] = []
  let event = submission.event
  let whole: DispatchResult = { status: "skipped" }
  for (const hook of hooks) {
    const leftMs = Math.max(1, timeoutMs - (now() - startedAt))
    const { trouble = tooLate(startedAt + timeoutMs, now) } = hook
    const one = await dispatchTo(deps, { ...hook, trouble }, { ...submission, event, timeoutMs: leftMs })
    if ("executionId" in one) executions.push(one.executionId)
    if (one.status === "failed") return { ...one, executions, durationMs: now() - startedAt }
    if (one.status !== "succeeded") continue
    event = trigger.chain?.nextEvent(event, one.result) ?? event
    whole = {
      ...one,
      executions,
      result: combined(trigger, whole, one.result),
      durationMs: now() - startedAt,
    }
  }
  return whole
}

/** What keeps a hook from being run whose turn comes after the deadline; undefined before it. */
function tooLate(deadlineAt: number, now: () => number): AppError | undefined {
  return now() < deadlineAt
    ? undefined
    : new AppError("hook_timed_out", "The hooks before it took all the time")
}

function combined({ chain }: Trigger, before: DispatchResult, result: Json | undefined): Json | undefined {
  return before.status === "succeeded" && chain ? chain.combine(before.result, result) : result
}

async function storeForEach(
  deps: ChainDeps,
  submission: Submission,
  hooks: ChainedHook[],
): Promise<DispatchResult> {
  const executions: string[] = []
  for (const hook of hooks) {
    const stored = await dispatchTo(deps, hook, submission)
    if (stored.status === "queued") executions.push(stored.executionId)
  }
  const [first] = executions
  return first === undefined ? { status: "skipped" } : { status: "queued", executionId: first, executions }
}
