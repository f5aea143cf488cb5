import type { Config, Json, Snapshot, Trigger, TriggerId } from "@hooklane/core"
import { byDeadline, LATEST_ANSWER_MS } from "./by-deadline.ts"
import type { DispatchResult } from "./dispatch.ts"
import type { EnabledHooks } from "./enabled-hooks.ts"
import { createPolicyDispatch, type PolicyDispatchDeps, type Submission } from "./policy-dispatch.ts"

export type ChainDeps = PolicyDispatchDeps & {
  config: Pick<Config, "chains">
  enabledHooks: Pick<EnabledHooks, "get" | "all">
}

type HookDispatch = (submission: Submission) => Promise<DispatchResult>

/**
 * Brings an event to every enabled hook of its trigger. One is the rule; where the deployment allows a chain, the hooks
 * of a synchronous trigger run one after the other, each with what the ones before changed, until one does not
 * succeed. Those of an asynchronous trigger are stored each as an execution of its own.
 */
export function createChain(deps: ChainDeps): HookDispatch {
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
    const dispatches = snapshots.map((snapshot, index) => {
      const dispatchTo = createHookDispatch(deps, snapshot, trouble)
      // An id that comes with the event is the first execution's.
      return index === 0 ? dispatchTo : ({ executionId: _, ...others }: Submission) => dispatchTo(others)
    })
    return timed.trigger.mode === "sync"
      ? followChain(deps, timed, dispatches)
      : storeForEach(timed, dispatches)
  }
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

/** To one hook of a chain. What keeps it from being known is a matter of its failure policy. */
function createHookDispatch(deps: ChainDeps, snapshot: Snapshot, trouble: unknown): HookDispatch {
  const get = async () => {
    if (trouble !== undefined) throw trouble
    return snapshot
  }
  return createPolicyDispatch({ ...deps, enabledHooks: { get } }, new Map([[snapshot.triggerId, snapshot]]))
}

/** All hooks share the caller's deadline. The answer's execution is the last one that succeeded, or that failed. */
async function followChain(
  { now, syncTimeoutMs }: ChainDeps,
  submission: Submission,
  dispatches: HookDispatch[],
): Promise<DispatchResult> {
  const { trigger, timeoutMs = syncTimeoutMs } = submission
  const startedAt = now()
  const executions: string[] = []
  let event = submission.event
  let whole: DispatchResult = { status: "skipped" }
  for (const dispatchOne of dispatches) {
    const leftMs = Math.max(1, timeoutMs - (now() - startedAt))
    const one = await dispatchOne({ ...submission, event, timeoutMs: leftMs })
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

function combined({ chain }: Trigger, before: DispatchResult, result: Json | undefined): Json | undefined {
  return before.status === "succeeded" && chain ? chain.combine(before.result, result) : result
}

async function storeForEach(submission: Submission, dispatches: HookDispatch[]): Promise<DispatchResult> {
  const executions: string[] = []
  for (const dispatchOne of dispatches) {
    const stored = await dispatchOne(submission)
    if (stored.status === "queued") executions.push(stored.executionId)
  }
  const [first] = executions
  return first === undefined ? { status: "skipped" } : { status: "queued", executionId: first, executions }
}
