import { AppError, isFinal } from "@hooklane/core"
import type { FoundJob, Lanes } from "@hooklane/queue"
import { type ExecutionDetail, getExecution, type Storage } from "@hooklane/storage"
import { decodeTime } from "ulid"
import type { z } from "zod"
import { type executionDetailSchema, viewDetail } from "./execution-view.ts"

/** An execution younger than this may have been accepted while its first record is still on its way. */
const SETTLING_MS = 5_000
const LOOK_AGAIN_MS = 50
const PATIENCE_MS = 1_000

export interface ExecutionDeps {
  storage: Storage
  lanes: Pick<Lanes, "find">
}

type ExecutionView = z.infer<typeof executionDetailSchema>

/**
 * An execution as it stands: the history, and while it is not over what its lane knows better. What the history
 * is about to be told is waited for, up to a second: its record may be on its way.
 * @throws AppError execution_not_found
 */
export async function findExecution(deps: ExecutionDeps, id: string): Promise<ExecutionView> {
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    const { view, isSettling } = await look(deps, id)
    if (!isSettling || Date.now() >= giveUpAt) {
      if (view) return view
      throw new AppError("execution_not_found", `Execution ${id} does not exist`)
    }
    await new Promise((done) => setTimeout(done, LOOK_AGAIN_MS))
  }
}

/** What is known now, and whether the history has yet to hear of it: that it was accepted, or how it ended. */
async function look(deps: ExecutionDeps, id: string): Promise<{ view?: ExecutionView; isSettling: boolean }> {
  const recorded = await getExecution(deps.storage, id).catch(unlessMissing)
  if (recorded && isFinal(recorded.status)) return { view: viewDetail(recorded), isSettling: false }
  const job = await deps.lanes.find(id, recorded?.triggerId)
  const known = recorded ?? (job && unrecorded(job))
  if (!known) return { isSettling: isYoung(id) }
  const status = job?.status ?? known.status
  return { view: viewDetail({ ...known, status }), isSettling: isFinal(status) }
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
    answeredBy: null,
    attempts: [],
  }
}

function isYoung(id: string): boolean {
  return Date.now() - decodeTime(id.slice("exe_".length)) < SETTLING_MS
}
