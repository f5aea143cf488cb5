import { expect, inject, test } from "vitest"
import { dispatch } from "../src/dispatch.ts"
import { drainLane } from "../src/drain.ts"
import { startLane } from "./start-lane.ts"

const redisUrl = inject("redisUrl")

test("what waits leaves the lane, whatever it waits for, and each is recorded as cancelled", async () => {
  const triggerId = "post-user-registration"
  const { deps, trigger, event, records, jobs } = await startLane({ redisUrl, triggerId })
  await deps.lanes.pause(triggerId)
  for (const timing of [{}, { priority: 3 }, { deliverAt: Date.now() + 3_600_000 }])
    await dispatch(deps, { trigger, event, ...timing })
  const accepted = records.splice(0).map(({ head }) => head.executionId)
  expect(await drainLane(deps, triggerId)).toEqual({ drained: 3, remaining: 0 })
  expect(records.map(({ head }) => head.executionId).sort()).toEqual(accepted.sort())
  for (const record of records) expect(record).toMatchObject({ status: "cancelled", failure: "cancelled" })
  await deps.lanes.resume(triggerId)
  expect(await drainLane(deps, triggerId)).toEqual({ drained: 0, remaining: 0 })
  expect(jobs).toEqual([])
})

test("those who wait for an answer are told", async () => {
  const triggerId = "credentials-exchange"
  const { deps, trigger, event } = await startLane({ redisUrl, triggerId })
  await deps.lanes.pause(triggerId)
  const calls = [1, 2].map(() => dispatch(deps, { trigger, event }).catch((error: unknown) => error))
  await expect.poll(() => deps.lanes.waitingCount(triggerId)).toBe(2)
  await drainLane(deps, triggerId)
  for (const call of calls) expect(await call).toMatchObject({ code: "execution_cancelled" })
})
