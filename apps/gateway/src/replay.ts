import { AppError, eventContext, getTrigger, parseEvent } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { type DispatchDeps, dispatch } from "./dispatch.ts"
import { type ExecutionDeps, findExecution } from "./find-execution.ts"

export type ReplayDeps = ExecutionDeps & DispatchDeps & { lanes: Pick<Lanes, "find" | "enqueue"> }

/**
 * Runs the event of a dead letter again as a new execution, with the hook that is enabled now, and gives the new
 * execution's id. The dead letter stays what it is.
 * @throws AppError execution_not_found; not_replayable, when it is no dead letter, when its event is no longer
 * held, or when the trigger has no enabled hook
 */
export async function replay(deps: ReplayDeps, id: string): Promise<string> {
  const execution = await findExecution(deps, id)
  if (execution.status !== "dead_letter") {
    throw new AppError(
      "not_replayable",
      `Execution ${id} is ${execution.status}; only a dead letter can be replayed`,
    )
  }
  const found = await deps.lanes.find(id, execution.triggerId)
  if (!found) throw new AppError("not_replayable", `The event of execution ${id} is no longer held`)
  const trigger = getTrigger(execution.triggerId)
  const event = parseEvent(trigger, JSON.parse(deps.keyRing.open(found.job.sealedEvent, eventContext(id))))
  const result = await dispatch(deps, { trigger, event, replayOf: id })
  if (result.status === "queued") return result.executionId
  throw new AppError("not_replayable", `${trigger.id} has no enabled hook; enable one and try again`)
}
