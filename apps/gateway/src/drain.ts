import type { TriggerId } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { type CancelDeps, endCancelled } from "./cancel.ts"

export type DrainDeps = Pick<CancelDeps, "record" | "reply" | "now"> & {
  lanes: Pick<Lanes, "removeNext" | "waitingCount">
}

const BATCH = 200
/** Some seconds' work; events that keep coming do not keep a call going. */
const MAX_PER_CALL = 10_000

/**
 * Takes the jobs that wait, for a worker, for their moment or for their next attempt, out of a lane. Each is
 * recorded as cancelled, and whoever waits for its answer is told. Jobs that run go on.
 * @throws AppError redis_unavailable
 */
export async function drainLane(
  deps: DrainDeps,
  triggerId: TriggerId,
): Promise<{ drained: number; remaining: number }> {
  let drained = 0
  while (drained < MAX_PER_CALL) {
    const jobs = await deps.lanes.removeNext(triggerId, BATCH)
    for (const job of jobs) endCancelled(deps, job)
    drained += jobs.length
    if (jobs.length === 0) break
  }
  return { drained, remaining: await deps.lanes.waitingCount(triggerId) }
}
