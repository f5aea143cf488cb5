import { AppError, isFinal } from "@hooklane/core"
import type { FoundJob, Lanes } from "@hooklane/queue"
import { type ExecutionDetail, getExecution, type Storage } from "@hooklane/storage"
import { decodeTime } from "ulid"
import type { z } from "zod"
import { type executionDetailSchema, viewDetail } from "./execution-view.ts"

/** An execution younger than this may have happened already while its record is still on its way. */
const SETTLING_MS = 5_000
const LOOK_AGAIN_MS = 50
const PATIENCE_MS = 1_000

export interface ExecutionDeps {
  storage: Storage
  lanes: Pick<Lanes, "find">
}

type ExecutionView = z.infer<typeof executionDetailSchema>

/**
 * An execution as it stands: the history, and while it is not over what its lane knows better. One that was
 * accepted a moment ago is waited for, up to a second, because its record may be on its way.
 * @throws AppError execution_not_found
 */
export async function findExecution(deps: ExecutionDeps, id: string): Promise<ExecutionView> {
  const giveUpAt = isYoung(id) ? Date.now() + PATIENCE_MS : 0
  for (;;) {
    const found = await look(deps, id)
    if (found) return found
    if (Date.now() >= giveUpAt) throw new AppError("execution_not_found", `Execution ${id} does not exist`)
    await new Promise((done) => setTimeout(done, LOOK_AGAIN_MS))
  }
}

async function look(deps: ExecutionDeps, id: string): Promise<ExecutionView | undefined> {
  const recorded = await getExecution(deps.storage, id).catch(unlessMissing)
  if (recorded && isFinal(recorded.status)) return viewDetail(recorded)
  const job = await deps.lanes.find(id, recorded?.triggerId)
  if (recorded) return viewDetail({ ...recorded, status: job?.status ?? recorded.status })
  return job && viewDetail(unrecorded(job))
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof AppError && error.code === "execution_not_found") return undefined
  throw error
}

function unrecorded({ job, status }: FoundJob): ExecutionDetail {
  return {
    executionId: job.executionId,
    triggerId: job.triggerId,
    hookId: job.hookId,
    hookName: job.hookName,
    versionId: job.versionId,
    acceptedAt: new Date(job.acceptedAt),
    replayOf: job.replayOf ?? null,
    status,
    statusAt: new Date(job.acceptedAt),
    nextAttemptAt: null,
    failure: null,
    error: null,
    attempts: [],
  }
}

function isYoung(id: string): boolean {
  return Date.now() - decodeTime(id.slice("exe_".length)) < SETTLING_MS
}
