import { TRIGGERS } from "@hooklane/core"
import { openConnection } from "@hooklane/queue"
import { expect, onTestFinished, test } from "vitest"
import { ownService } from "./service-test.ts"

const TRIGGER = "post-user-registration"

test("a Redis that fills up refuses events before it is full, and what waits in it drains", {
  timeout: 120_000,
}, async () => {
  const service = await ownService()
  const { api, redis } = service
  const connection = openConnection({ url: redis.url, prefix: "looking" })
  onTestFinished(connection.close)
  const { client } = connection.commands
  await api.createHook(TRIGGER, "cb()")
  await api.reached(await api.accept(TRIGGER), "succeeded")
  await api.post(`/v1/queues/${TRIGGER}/pause`)
  const usedBytes = Number(/^used_memory:(\d+)/m.exec(await client.info("memory"))?.[1])
  await client.config("SET", "maxmemory-policy", "noeviction")
  await client.config("SET", "maxmemory", String(usedBytes + 30_000_000))

  const { sampleEvent } = TRIGGERS[TRIGGER]
  const event = { ...sampleEvent, context: { ...sampleEvent.context, padding: "x".repeat(100_000) } }
  const accepted: string[] = []
  let refused = await api.fire(TRIGGER, { body: event })
  while (refused.status === 202 && accepted.length < 500) {
    accepted.push(refused.body.executionId)
    refused = await api.fire(TRIGGER, { body: event })
  }
  expect(refused).toMatchObject({
    status: 503,
    body: { errorCode: "redis_unavailable", message: expect.stringContaining("of its maxmemory") },
  })
  expect(accepted.length).toBeGreaterThan(5)

  await api.post(`/v1/queues/${TRIGGER}/resume`)
  for (const id of accepted)
    expect((await api.reached(id, "succeeded", 60_000)).attempts).toMatchObject([{ attempt: 1 }])
  await expect.poll(async () => (await api.fire(TRIGGER)).status, { timeout: 10_000 }).toBe(202)
})
