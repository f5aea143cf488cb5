import { fork } from "node:child_process"
import { once } from "node:events"
import type { Job, TriggerId } from "@hooklane/core"
import { expect, inject, onTestFinished, test, vi } from "vitest"
import { type ConsumerOptions, openLanes, type QueueConnection, startConsumer } from "../src/index.ts"
import { QUICK_LOCKS } from "./locks.ts"
import { asyncJob, keepingLog, retryPolicy, syncJob, testConnection } from "./support.ts"

function testLanes() {
  const connection = testConnection()
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  onTestFinished(() => lanes.close())
  return { connection, lanes }
}

/** A worker process that takes `job` and is killed with it in hand. */
async function dieWith(connection: QueueConnection, job: Job, speed: "quick" | "normal"): Promise<unknown> {
  const args = [inject("redisUrl"), connection.prefix, job.triggerId, speed]
  const child = fork(new URL("./consumer-child.ts", import.meta.url), args, { execArgv: [] })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  const [message] = await once(child, "message")
  child.kill("SIGKILL")
  await once(child, "exit")
  return message
}

function survive(connection: QueueConnection, triggerId: TriggerId, options: Partial<ConsumerOptions> = {}) {
  const process = vi.fn<ConsumerOptions["process"]>(async () => "done")
  const onLost = vi.fn<ConsumerOptions["onLost"]>(async () => {})
  const consumer = startConsumer(connection, {
    triggerId,
    concurrency: 4,
    retryPolicy: retryPolicy({ attempts: 2 }),
    process,
    onLost,
    log: keepingLog(),
    ...options,
  })
  onTestFinished(() => consumer.close({ force: true }))
  return { process, onLost }
}

test("an asynchronous job of a killed worker runs again within about 10 s, as its next attempt", async () => {
  const { connection, lanes } = testLanes()
  const job = asyncJob()
  await lanes.enqueue(job)
  await dieWith(connection, job, "normal")
  const killedAt = Date.now()
  const { process, onLost } = survive(connection, job.triggerId)
  await vi.waitFor(() => expect(process).toHaveBeenCalled(), { timeout: 15_000, interval: 100 })
  expect(Date.now() - killedAt).toBeLessThan(13_000)
  expect(process).toHaveBeenCalledExactlyOnceWith(
    job,
    expect.objectContaining({ number: 2, isLast: true, lostBefore: 1 }),
  )
  await expect.poll(() => lanes.find(job.executionId)).toBeUndefined()
  expect(onLost).not.toHaveBeenCalled()
})

test("a synchronous job of a killed worker is not run again but reported as lost, once", async () => {
  const { connection, lanes } = testLanes()
  const job = syncJob()
  await lanes.enqueue(job)
  expect(await dieWith(connection, job, "normal")).toEqual({ executionId: job.executionId, attempt: 1 })
  const killedAt = Date.now()
  const others = [survive(connection, job.triggerId), survive(connection, job.triggerId)]
  const calls = () => others.flatMap(({ onLost }) => onLost.mock.calls)
  await vi.waitFor(() => expect(calls()).toEqual([[job, 1]]), { timeout: 10_000, interval: 50 })
  expect(Date.now() - killedAt).toBeLessThan(8_000)
  await expect.poll(() => lanes.find(job.executionId, job.triggerId)).toBeUndefined()
  for (const { process } of others) expect(process).not.toHaveBeenCalled()
  expect(calls()).toHaveLength(1)
})

test("a job that kills every worker ends as a dead letter", async () => {
  const { connection, lanes } = testLanes()
  const job = asyncJob()
  await lanes.enqueue(job)
  expect(await dieWith(connection, job, "quick")).toMatchObject({ attempt: 1 })
  expect(await dieWith(connection, job, "quick")).toMatchObject({ attempt: 2 })
  const { process, onLost } = survive(connection, job.triggerId, { locks: QUICK_LOCKS })
  await expect
    .poll(() => lanes.find(job.executionId), { timeout: 10_000 })
    .toEqual({ job, status: "dead_letter", attemptsMade: 2 })
  expect(process).not.toHaveBeenCalled()
  expect(onLost).toHaveBeenCalledExactlyOnceWith(job, 2)
})

test("a lost attempt and a failed one both count, and an attempt knows which were lost before it", async () => {
  const { connection, lanes } = testLanes()
  const job = asyncJob()
  await lanes.enqueue(job)
  await dieWith(connection, job, "quick")
  await dieWith(connection, job, "quick")
  const attempts: { number: number; lostBefore: number }[] = []
  survive(connection, job.triggerId, {
    locks: QUICK_LOCKS,
    retryPolicy: retryPolicy({ attempts: 4 }),
    process: async (_job, { number, lostBefore }) => {
      attempts.push({ number, lostBefore })
      return "retry"
    },
  })
  await expect
    .poll(() => lanes.find(job.executionId), { timeout: 10_000 })
    .toMatchObject({ status: "dead_letter" })
  expect(attempts).toEqual([
    { number: 3, lostBefore: 2 },
    { number: 4, lostBefore: 0 },
  ])
})
