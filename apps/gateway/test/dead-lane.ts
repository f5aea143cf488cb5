import { type ExecutionRecord, type Failure, TRIGGERS } from "@hooklane/core"
import { openStorage, recordExecutions } from "@hooklane/storage"
import { expect, inject, onTestFinished } from "vitest"
import { dispatch } from "../src/dispatch.ts"
import { startLane } from "./start-lane.ts"

export const DEAD_LANE = "post-user-registration"

/** A lane of `failures.length` dead letters, the oldest first, with the history that knows them. */
export async function deadLane(failures: Failure[]) {
  const lane = await startLane({ redisUrl: inject("redisUrl"), triggerId: DEAD_LANE, verdict: "dead" })
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: lane.deps.keyRing })
  onTestFinished(() => storage.close())
  const deps = { ...lane.deps, storage }
  const ids: string[] = []
  for (const failure of failures) {
    const { trigger, event } = lane
    const result = await dispatch(deps, { trigger, event })
    const id = "executionId" in result ? result.executionId : ""
    await expect.poll(async () => (await deps.lanes.find(id))?.status).toBe("dead_letter")
    const ended = lane.records.map(
      (record): ExecutionRecord => ({ ...record, status: "dead_letter", failure }),
    )
    await recordExecutions(storage, ended)
    lane.records.splice(0)
    ids.push(id)
  }
  await deps.lanes.pause(DEAD_LANE)
  /** Brings what was recorded since to the history. */
  const settle = () => recordExecutions(storage, lane.records.splice(0))
  return { ...lane, deps, ids, settle, event: TRIGGERS[DEAD_LANE].sampleEvent }
}
