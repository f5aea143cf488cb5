import { executionHead, type TriggerId } from "@hooklane/core"
import { openStorage, recordExecutions } from "@hooklane/storage"
import { describe, expect, inject, onTestFinished, test } from "vitest"
import { cancelExecution } from "../src/cancel.ts"
import { dispatch } from "../src/dispatch.ts"
import { startLane } from "./start-lane.ts"

const ASYNC = "post-user-registration"
const SYNC = "credentials-exchange"

/** A paused lane with a history beside it; `settle` brings what was recorded to the history. */
async function pausedLane(triggerId: TriggerId) {
  const lane = await startLane({ redisUrl: inject("redisUrl"), triggerId })
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: lane.deps.keyRing })
  onTestFinished(() => storage.close())
  const deps = { ...lane.deps, storage }
  await deps.lanes.pause(triggerId)
  const settle = () => recordExecutions(storage, lane.records.splice(0))
  return { ...lane, deps, settle }
}

async function storedEvent(triggerId: typeof ASYNC, options: { deliverAt?: number } = {}) {
  const lane = await pausedLane(triggerId)
  const result = await dispatch(lane.deps, { trigger: lane.trigger, event: lane.event, ...options })
  await lane.settle()
  return { ...lane, executionId: "executionId" in result ? result.executionId : "" }
}

describe("an execution that waits", () => {
  test.each([
    ["for a worker", {}],
    ["for its moment", { deliverAt: Date.now() + 3_600_000 }],
  ])("%s leaves its lane and is recorded as cancelled", async (_what, options) => {
    const { deps, records, executionId } = await storedEvent(ASYNC, options)
    expect(await cancelExecution(deps, executionId)).toBe("cancelled")
    expect(await deps.lanes.find(executionId)).toBeUndefined()
    expect(records).toMatchObject([{ head: { executionId }, status: "cancelled", failure: "cancelled" }])
  })

  test("is cancelled again with the same answer", async () => {
    const { deps, settle, executionId } = await storedEvent(ASYNC)
    await cancelExecution(deps, executionId)
    await settle()
    expect(await cancelExecution(deps, executionId)).toBe("cancelled")
  })

  test("for a synchronous answer is answered", async () => {
    const { deps, trigger, event } = await pausedLane(SYNC)
    const executionId = deps.newExecutionId()
    const call = dispatch(deps, { trigger, event, executionId })
    await expect.poll(() => deps.lanes.waitingCount(SYNC)).toBe(1)
    expect(await cancelExecution(deps, executionId)).toBe("cancelled")
    await expect(call).rejects.toMatchObject({ code: "execution_cancelled", executionId })
  })
})

test("an execution whose worker does not answer is being cancelled", async () => {
  const { deps, executionId, connection } = await storedEvent(ASYNC)
  const lanes = { ...deps.lanes, removeWaiting: async () => undefined }
  expect(await cancelExecution({ ...deps, lanes }, executionId)).toBe("cancelling")
  const key = `${connection.prefix}:cancelled:${executionId}`
  expect(await connection.commands.client.pttl(key)).toBeGreaterThan(3_500_000)
})

test("an execution that is over cannot be cancelled", async () => {
  const { deps, executionId } = await storedEvent(ASYNC)
  const job = await deps.lanes.removeWaiting(executionId, ASYNC)
  const records = job ? [{ head: executionHead(job), at: Date.now(), status: "succeeded" as const }] : []
  await recordExecutions(deps.storage, records)
  await expect(cancelExecution(deps, executionId)).rejects.toMatchObject({ code: "not_cancellable" })
})

test("an execution that is not known cannot be cancelled", async () => {
  const { deps } = await pausedLane(ASYNC)
  const unknown = "exe_01J00000000000000000000000"
  await expect(cancelExecution(deps, unknown)).rejects.toMatchObject({ code: "execution_not_found" })
})
