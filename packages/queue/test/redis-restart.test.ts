import type { Reply } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { expect, onTestFinished, test, vi } from "vitest"
import { type ConsumerOptions, openLanes, openReplies, sendReply, startConsumer } from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, syncJob, testConnection, testRedis } from "./support.ts"

const unattended = {
  concurrency: 4,
  retryPolicy: retryPolicy(),
  onLost: async () => {},
  log: keepingLog(),
} satisfies Partial<ConsumerOptions>

const keyRing = createKeyRing(generateMasterKey())

/** A gateway and a worker on a Redis that can be restarted. */
async function testService(options: Pick<ConsumerOptions, "triggerId" | "process">) {
  const redis = await testRedis()
  const gateway = testConnection({ url: redis.url })
  const worker = testConnection({ url: redis.url, prefix: gateway.prefix })
  const lanes = openLanes(gateway, { maxDeadLetters: 100, retentionDays: 14 })
  const replies = await openReplies(gateway, { keyRing, gatewayId: "gateway-1" })
  const onLost = vi.fn<ConsumerOptions["onLost"]>(async () => {})
  const consumer = startConsumer(worker, { ...unattended, onLost, ...options })
  onTestFinished(async () => {
    await consumer.close({ force: true })
    await replies.close()
    await lanes.close()
  })
  return { redis, gateway, worker, lanes, replies, consumer, onLost }
}

test("jobs that wait survive a restart of Redis, and the consumer goes on by itself", async () => {
  const seen: string[] = []
  const { redis, gateway, lanes } = await testService({
    triggerId: "post-user-registration",
    process: async (job) => {
      seen.push(job.executionId)
      return "done"
    },
  })
  await lanes.pause("post-user-registration")
  const jobs = Array.from({ length: 20 }, () => asyncJob())
  await Promise.all(jobs.map((job) => lanes.enqueue(job)))
  await redis.stop()
  await redis.start()
  await gateway.ping(5_000)
  await expect.poll(() => lanes.waitingCount("post-user-registration").catch(() => 0)).toBe(20)
  await lanes.resume("post-user-registration")
  await vi.waitFor(() => expect(seen).toHaveLength(20), { timeout: 10_000 })
  expect(seen.toSorted()).toEqual(jobs.map((job) => job.executionId).toSorted())
})

test("a consumer that was started without Redis begins when it is there", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  onTestFinished(() => lanes.close())
  const job = asyncJob()
  await lanes.enqueue(job)
  await redis.stop()
  const process = vi.fn<ConsumerOptions["process"]>(async () => "done")
  const late = testConnection({ url: redis.url, prefix: connection.prefix })
  const consumer = startConsumer(late, { ...unattended, triggerId: job.triggerId, process })
  onTestFinished(() => consumer.close({ force: true }))
  await expect(late.ping(300)).rejects.toMatchObject({ code: "redis_unavailable" })
  await redis.start()
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce(), { timeout: 5_000 })
})

test("closing by force ends although Redis is away", async () => {
  const { promise: started, resolve: start } = Promise.withResolvers<void>()
  const service = await testService({
    triggerId: "post-user-registration",
    process: async (_job, { signal }) => {
      start()
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      return "retry"
    },
  })
  await service.lanes.enqueue(asyncJob())
  await started
  await service.redis.stop()
  const startedAt = Date.now()
  await service.consumer.close({ force: true })
  expect(Date.now() - startedAt).toBeLessThan(4_000)
  await service.redis.start()
})

test("a job that ends while Redis is away is finished, not repeated", async () => {
  const { promise: verdict, resolve: finish } = Promise.withResolvers<"done">()
  const process = vi.fn<ConsumerOptions["process"]>(() => verdict)
  const { redis, lanes, onLost } = await testService({ triggerId: "post-user-registration", process })
  const job = asyncJob()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalled())
  await redis.stop()
  finish("done")
  await redis.start()
  await expect
    .poll(() => lanes.find(job.executionId).catch(() => "away"), { timeout: 10_000 })
    .toBeUndefined()
  expect(process).toHaveBeenCalledOnce()
  expect(onLost).not.toHaveBeenCalled()
})

test("a caller that waits over a restart of Redis gets its answer", async () => {
  const reply: Reply = { status: "succeeded", value: "yes", runMs: 1 }
  const { promise: back, resolve: release } = Promise.withResolvers<void>()
  const service = await testService({
    triggerId: "credentials-exchange",
    process: async ({ executionId, replyTo = "" }) => {
      await back
      await sendReply(service.worker, { keyRing, address: replyTo, executionId, reply })
      return "done"
    },
  })
  const job = syncJob({ replyTo: service.replies.address })
  const waiting = service.replies.wait(job.executionId, Date.now() + 10_000)
  await service.lanes.enqueue(job)
  await expect
    .poll(() => service.lanes.find(job.executionId, job.triggerId))
    .toMatchObject({ status: "running" })
  await service.redis.stop()
  await service.redis.start()
  release()
  expect(await waiting).toEqual(reply)
})
