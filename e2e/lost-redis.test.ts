import { TRIGGERS } from "@hooklane/core"
import { expect } from "vitest"
import type { Execution } from "./api.ts"
import { testWithService } from "./service-test.ts"

/** Longer than an execution may be silent before it is looked for, with the clock of one that looks. */
const LATER_MS = 10 * 60_000

const CLOCK = new URL(`chaos/skewed-clock.ts?ms=${LATER_MS}`, import.meta.url).href
const BACK_WITHIN = { timeout: 10_000, interval: 100 }

const test = testWithService()

test("what waited in a Redis that came back empty ends as lost, and says so", async ({ service }) => {
  const { redis, gateway } = service
  const before = service.api
  await before.createHook("post-user-registration", "cb()")
  await before.send("POST", "/v1/queues/post-user-registration/pause")
  const waiting = await before.accept("post-user-registration")
  const body = TRIGGERS["post-user-registration"].sampleEvent
  const due = new Date(Date.now() + 3_600_000).toISOString()
  const delayed = await before.send<Execution & { executionId: string }>(
    "POST",
    `/v1/triggers/post-user-registration/events?deliverAt=${due}`,
    { body },
  )
  expect(delayed).toMatchObject({ status: 202 })
  const ids = [waiting, delayed.body.executionId]
  for (const id of ids) await expect.poll(() => isRecorded(id)).toBe(true)

  async function isRecorded(id: string): Promise<boolean> {
    const { executions } = await before.get<{ executions: { id: string }[] }>("/v1/executions?status=queued")
    return executions.some((one) => one.id === id)
  }

  await redis.stop()
  await redis.wipe()
  gateway.kill()
  await gateway.exited
  await redis.start()
  await service.startGateway({ nodeArgs: ["--import", CLOCK] })

  const { api } = service
  for (const id of ids)
    expect(await api.reached(id, "dead_letter")).toMatchObject({
      failure: "lost",
      error: { message: expect.stringContaining("in no lane any more") },
      attempts: [],
    })
  await expect.poll(() => api.fire("post-user-registration"), BACK_WITHIN).toMatchObject({ status: 202 })
})
