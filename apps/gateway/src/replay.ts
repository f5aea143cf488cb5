import { AppError, eventContext, getTrigger, type Job, parseEvent } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { type DispatchDeps, dispatch } from "./dispatch.ts"
import type { EnabledHooks } from "./enabled-hooks.ts"
import { type ExecutionDeps, findExecution } from "./find-execution.ts"

export type ReplayDeps = ExecutionDeps &
  DispatchDeps & {
    enabledHooks: Pick<EnabledHooks, "all">
    lanes: Pick<Lanes, "find" | "enqueue" | "setReplayMark">
  }

/** `again`: also what was replayed before. */
export type ReplayMode = "once" | "again"

/**
 * Runs the event of a dead letter again as a new execution, with the hook that is enabled now, and gives the new
 * execution's id. The dead letter stays what it is, and is marked.
 * @throws AppError execution_not_found; not_replayable, when it is no dead letter, when its event is no longer
 * held, or when the trigger has no enabled hook; already_replayed
 */
export async function replay(deps: ReplayDeps, id: string, mode: ReplayMode = "once"): Promise<string> {
  const { status, triggerId } = await findExecution(deps, id)
  if (status !== "dead_letter") {
    throw new AppError("not_replayable", `Execution ${id} is ${status}; only a dead letter can be replayed`)
  }
  const found = await deps.lanes.find(id, triggerId)
  if (!found) throw noLongerHeld(id)
  return replayJob(deps, found.job, mode)
}

/**
 * The mark comes first, with the id of the execution to be: a gateway that dies in between leaves a mark that leads
 * to nothing, and whoever replays next goes on under the same id. So an event is replayed once, whatever dies.
 */
async function replayJob(deps: ReplayDeps, job: Job, mode: ReplayMode): Promise<string> {
  const trigger = getTrigger(job.triggerId)
  const { executionId: replayOf } = job
  const event = parseEvent(trigger, JSON.parse(deps.keyRing.open(job.sealedEvent, eventContext(replayOf))))
  const executionId = await claim(deps, job, mode)
  const giveBack = () => deps.lanes.setReplayMark(job, { from: executionId, to: "" })
  const enabled = await deps.enabledHooks.all(job.triggerId)
  // Of a chain the hook that failed; else the one that serves the trigger now.
  const hook = enabled.find(({ hookId }) => hookId === job.hookId) ?? enabled[0]
  const toHook = { ...deps, enabledHooks: { get: async () => hook } }
  const result = await dispatch(toHook, { trigger, event, replayOf, executionId }).catch(
    async (error: unknown) => {
      // Otherwise it may be stored nevertheless.
      if (error instanceof AppError && error.code !== "redis_unavailable") await giveBack()
      throw error
    },
  )
  if (result.status === "queued") return executionId
  await giveBack()
  throw new AppError("not_replayable", `${trigger.id} has no enabled hook; enable one and try again`)
}

/** Marks a dead letter as replayed, and gives the id that its replay is to have. */
async function claim(deps: ReplayDeps, deadLetter: Job, mode: ReplayMode): Promise<string> {
  const to = deps.newExecutionId()
  const mark = await deps.lanes.setReplayMark(deadLetter, { from: "", to })
  if (mark === undefined) throw noLongerHeld(deadLetter.executionId)
  if (mark === to) return to
  if (mode === "once") {
    if (await isKnown(deps, mark)) throw alreadyReplayed(deadLetter, mark)
    return mark
  }
  const last = await deps.lanes.setReplayMark(deadLetter, { from: mark, to })
  if (last === to) return to
  throw alreadyReplayed(deadLetter, last ?? mark)
}

async function isKnown(deps: ReplayDeps, executionId: string): Promise<boolean> {
  try {
    await findExecution(deps, executionId)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === "execution_not_found") return false
    throw error
  }
}

function noLongerHeld(id: string): AppError {
  return new AppError("not_replayable", `The event of execution ${id} is no longer held`)
}

function alreadyReplayed({ executionId }: Job, mark: string): AppError {
  return new AppError(
    "already_replayed",
    `Execution ${executionId} was replayed as ${mark}; to replay it once more, add ?again=true`,
  )
}
