import type { Config, Json, Snapshot, Trigger } from "@hooklane/core"
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
export function createChain(deps: ChainDeps): (submission: Submission) => Promise<DispatchResult> {
  const dispatchAlone = createPolicyDispatch(deps)

  return async (submission) => {
    if (!deps.config.chains.includes(submission.trigger.id)) return dispatchAlone(submission)
    // What cannot be known now is a matter of the failure policy.
    const snapshots = await deps.enabledHooks.all(submission.trigger.id).catch(() => [])
    if (snapshots.length < 2) return dispatchAlone(submission)
    const dispatches = snapshots.map((snapshot, index) => {
      const dispatchTo = createPolicyDispatch(withHook(deps, snapshot))
      // An id that comes with the event is the first execution's.
      return index === 0 ? dispatchTo : ({ executionId: _, ...others }: Submission) => dispatchTo(others)
    })
    return submission.trigger.mode === "sync"
      ? followChain(deps, submission, dispatches)
      : storeForEach(submission, dispatches)
  }
}

function withHook(deps: ChainDeps, snapshot: Snapshot): ChainDeps {
  return { ...deps, enabledHooks: { ...deps.enabledHooks, get: async () => snapshot } }
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
