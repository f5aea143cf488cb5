import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type ExecutionRecord, executionHead, type Job } from "@hooklane/core"
import { appendRecords, openConnection, openLanes, openRecordReader, startConsumer } from "@hooklane/queue"
import { pino } from "pino"
import { expect, onTestFinished, test } from "vitest"
import { startRedis } from "../../../scripts/redis.ts"
import { createRecordKeeper } from "../src/record-keeper.ts"

const ASYNC = "post-user-registration"
const silent = pino({ level: "silent" })

/** A Redis with the documented policy, which can be filled to its last byte. */
async function openRedis() {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-full-"))
  const redis = await startRedis({ dir, persistence: "append_only" })
  const connection = openConnection({ url: redis.url, prefix: "full" })
  onTestFinished(async () => {
    await connection.close()
    await redis.close()
    await rm(dir, { recursive: true, force: true })
  })
  const { client } = connection.commands
  return {
    connection,
    async fill() {
      await client.set("filler", "x".repeat(8_000_000))
      await client.config("SET", "maxmemory-policy", "noeviction")
      await client.config("SET", "maxmemory", "1000000")
      await expect(client.set("one-more", "x")).rejects.toThrow("OOM")
    },
    async release() {
      await client.config("SET", "maxmemory", "0")
      await client.del("filler")
    },
  }
}

function jobOf(overrides: Partial<Job> = {}): Job {
  return {
    executionId: `exe_${randomUUID()}`,
    triggerId: ASYNC,
    hookId: "01HOOK",
    hookName: "welcome",
    versionId: "ver_1",
    acceptedAt: Date.now(),
    sealedEvent: "key.sealed",
    ...overrides,
  }
}

function succeeded(job: Job): ExecutionRecord {
  return { head: executionHead(job), at: Date.now(), status: "succeeded" }
}

test("attempts that end while Redis is full are told later, and not run again", {
  timeout: 60_000,
}, async () => {
  const { connection, fill, release } = await openRedis()
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  const reader = openRecordReader(connection, { group: "history", consumer: "test" })
  const records = createRecordKeeper({
    append: (some) => appendRecords(connection, { maxStreamLength: 1_000 }, some),
    log: silent,
  })
  const runs: string[] = []
  const gate = Promise.withResolvers<void>()
  const consumer = startConsumer(connection, {
    triggerId: ASYNC,
    concurrency: 8,
    retryPolicy: { attempts: 5, firstDelayMs: 0, factor: 1, maxDelayMs: 0 },
    locks: { lockMs: 600, checkMs: 300 },
    process: async (job, { signal }) => {
      runs.push(job.executionId)
      await gate.promise
      await records.keep(succeeded(job), signal)
      return "done"
    },
    onLost: async () => {},
    log: silent,
  })
  onTestFinished(async () => {
    await consumer.close({ force: true })
    await records.close(0)
    await reader.close()
    await lanes.close()
  })
  const jobs = Array.from({ length: 4 }, () => jobOf())
  await Promise.all(jobs.map((job) => lanes.enqueue(job)))
  await expect.poll(() => runs).toHaveLength(4)

  await fill()
  const caller = jobOf()
  records.keepLater(succeeded(caller))
  gate.resolve()
  const refused = await lanes.enqueue(jobOf()).catch((error: unknown) => error)
  expect(refused).toMatchObject({
    code: "redis_unavailable",
    message: "Redis is full (maxmemory) and stores nothing more until there is room",
  })
  // Longer than their locks last, and than it takes to look for jobs without one.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await release()

  const told: string[] = []
  await expect
    .poll(async () => {
      for (const { id, record } of await reader.read({ count: 100, blockMs: 100 })) {
        told.push(record.head.executionId)
        await reader.ack([id])
      }
      return new Set(told)
    })
    .toEqual(new Set([...jobs, caller].map(({ executionId }) => executionId)))
  const next = jobOf()
  await lanes.enqueue(next)
  await expect.poll(() => lanes.find(next.executionId)).toBeUndefined()
  await expect
    .poll(() => Promise.all(jobs.map(({ executionId }) => lanes.find(executionId))))
    .toEqual(jobs.map(() => undefined))
  expect(runs).toHaveLength(5)
})

test("no attempt begins while too many records wait", async () => {
  const append = Promise.withResolvers<void>()
  let isFull = true
  const records = createRecordKeeper({
    append: async () => {
      if (isFull) throw new Error("OOM")
      await append.promise
    },
    log: silent,
  })
  const { signal } = new AbortController()
  for (let count = 1; count <= 1_000; count += 1) records.keepLater(succeeded(jobOf()))
  await new Promise((resolve) => setImmediate(resolve))
  let hasRoom = false
  const room = records.room(signal).then(() => {
    hasRoom = true
  })
  await expect(records.room(AbortSignal.abort())).rejects.toThrow("ended before")
  expect(hasRoom).toBe(false)
  isFull = false
  append.resolve()
  await room
  await records.close(1_000)
})
