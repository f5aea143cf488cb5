import { setTimeout as sleep } from "node:timers/promises"
import {
  AppError,
  type ExecutionRecord,
  executionHead,
  isFinal,
  type Job,
  type Reply,
  TRIGGER_IDS,
  TRIGGERS,
} from "@hooklane/core"
import type { FoundJob, Lanes } from "@hooklane/queue"
import { type ExecutionDeps, findExecution } from "./find-execution.ts"

export interface CancelDeps {
  lanes: Pick<Lanes, "removeWaiting">
  /** Tells whoever runs the execution, or will, to stop. */
  announceCancellation: (cancellation: { executionId: string; rememberMs: number }) => Promise<void>
  /** Puts an answer on its way to the gateway that waits for it; never fails, never waits. */
  reply: (answer: { address: string; executionId: string; reply: Reply }) => void
  record: (record: ExecutionRecord) => void
  now: () => number
}

/** A job whose worker died comes to another one: a synchronous one within seconds, others once there is one. */
const REMEMBER_MS = { sync: 60_000, async: 3_600_000 }

const LOOK_AGAIN_MS = 100
/** A run that is told to stop has two seconds before its thread is taken. */
const PATIENCE_MS = 3_000

const ERROR = { name: "HooklaneError", message: "The execution was cancelled" }

/**
 * Ends a job that nobody wants any more: one that waits leaves its lane at once, whoever has it in hand is told to
 * stop and records how it ended. Gives which of the two it was.
 * @throws AppError redis_unavailable
 */
export async function cancelJob(
  deps: CancelDeps,
  { executionId, triggerId }: Pick<Job, "executionId" | "triggerId">,
): Promise<"removed" | "told"> {
  const removed = await deps.lanes.removeWaiting(executionId, triggerId)
  if (removed) {
    endCancelled(deps, removed)
    return "removed"
  }
  await deps.announceCancellation({ executionId, rememberMs: REMEMBER_MS[TRIGGERS[triggerId].mode] })
  return "told"
}

/** Records a job that was taken out of its lane as cancelled, and answers whoever waits for it. */
export function endCancelled(deps: Omit<CancelDeps, "lanes" | "announceCancellation">, job: Job): void {
  const { executionId, replyTo: address } = job
  const failure = "cancelled"
  deps.record({ head: executionHead(job), at: deps.now(), status: "cancelled", failure, error: ERROR })
  if (address === undefined) return
  deps.reply({ address, executionId, reply: { status: "failed", failure, error: ERROR, runMs: 0 } })
}

export type CancelExecutionDeps = CancelDeps & ExecutionDeps & { lanes: Pick<Lanes, "find"> }

/**
 * Cancels an execution that is not over, and waits a little for the worker that runs it. "cancelling" when that
 * worker has not said so yet, as when it died: nobody else will run it.
 * @throws AppError execution_not_found; not_cancellable, when it is over
 */
export async function cancelExecution(
  deps: CancelExecutionDeps,
  id: string,
): Promise<"cancelled" | "cancelling"> {
  const giveUpAt = deps.now() + PATIENCE_MS
  for (;;) {
    const found = await findJob(deps, id)
    if (!found || found.status === "dead_letter") {
      const { status } = await findExecution(deps, id)
      if (status === "cancelled") return status
      if (isFinal(status)) throw new AppError("not_cancellable", `Execution ${id} is over: it is ${status}`)
    } else if ((await cancelJob(deps, found.job)) === "removed") return "cancelled"
    // It may have gone back to its lane, or to another worker, or its end is on the way to the history.
    if (deps.now() >= giveUpAt) return "cancelling"
    await sleep(LOOK_AGAIN_MS)
  }
}

async function findJob({ lanes }: CancelExecutionDeps, id: string): Promise<FoundJob | undefined> {
  const found = await Promise.all(TRIGGER_IDS.map((triggerId) => lanes.find(id, triggerId)))
  return found.find((one) => one !== undefined)
}
