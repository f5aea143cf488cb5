import type { Job } from "@hooklane/core"
import { expect, onTestFinished, test, vi } from "vitest"
import {
  type ConsumerOptions,
  type JobAttempt,
  openLanes,
  type QueueConnection,
  startConsumer,
} from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, syncJob, testConnection } from "./support.ts"

const LANE = "post-user-registration"

function testLanes() {
  const connection = testConnection()
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  onTestFinished(() => lanes.close())
  return { connection, lanes }
}

function consume(connection: QueueConnection, options: Partial<ConsumerOptions>) {
  const log = keepingLog()
  const consumer = startConsumer(connection, {
    triggerId: LANE,
    concurrency: 2,
    retryPolicy: retryPolicy(),
    process: async () => "done",
    onLost: async () => {},
    log,
    ...options,
  })
  onTestFinished(() => consumer.close({ force: true }))
  return { consumer, log }
}

/** Resolves when the attempt's signal aborts. */
function aborted({ signal }: JobAttempt): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()))
}

test("a job arrives as it was sent, as its first attempt", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(async () => "done")
  consume(connection, { process })
  const job = asyncJob({ traceparent: "00-abc-def-01" })
  const sentAt = Date.now()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce())
  expect(process).toHaveBeenCalledWith(job, expect.objectContaining({ number: 1, isLast: false }))
  expect(process.mock.calls[0]?.[1].runnableAt).toBeGreaterThanOrEqual(sentAt)
})

test("two consumers share the work, and each job goes to one of them", async () => {
  const { connection, lanes } = testLanes()
  const seen: { by: string; executionId: string }[] = []
  for (const by of ["first", "second"]) {
    consume(connection, {
      concurrency: 1,
      process: async ({ executionId }) => {
        seen.push({ by, executionId })
        await new Promise((resolve) => setImmediate(resolve))
        return "done"
      },
    })
  }
  const jobs = Array.from({ length: 40 }, () => asyncJob())
  await Promise.all(jobs.map((job) => lanes.enqueue(job)))
  await vi.waitFor(() => expect(seen).toHaveLength(40))
  expect(new Set(seen.map((one) => one.executionId)).size).toBe(40)
  expect(new Set(seen.map((one) => one.by)).size).toBe(2)
})

test("a failed attempt is repeated after exactly the delay that was announced", async () => {
  const { connection, lanes } = testLanes()
  const attempts: (JobAttempt & { startedAt: number; endedAt: number })[] = []
  consume(connection, {
    retryPolicy: { attempts: 3, firstDelayMs: 300, factor: 1, maxDelayMs: 300 },
    process: async (_job, attempt) => {
      attempts.push({ ...attempt, startedAt: Date.now(), endedAt: Date.now() })
      return attempt.isLast ? "done" : "retry"
    },
  })
  await lanes.enqueue(asyncJob())
  await vi.waitFor(() => expect(attempts).toHaveLength(3), { timeout: 5_000 })
  expect(attempts.map(({ number, isLast }) => ({ number, isLast }))).toEqual([
    { number: 1, isLast: false },
    { number: 2, isLast: false },
    { number: 3, isLast: true },
  ])
  for (const [index, earlier] of attempts.slice(0, 2).entries()) {
    const later = attempts[index + 1]
    const dueAt = earlier.endedAt + (earlier.nextDelayMs ?? Number.NaN)
    expect(later?.runnableAt).toBeGreaterThanOrEqual(dueAt)
    expect(later?.runnableAt).toBeLessThan(dueAt + 100)
    expect(later?.startedAt).toBeGreaterThanOrEqual(later?.runnableAt ?? 0)
    expect(later?.startedAt).toBeLessThan(dueAt + 500)
  }
  expect(attempts[2]?.nextDelayMs).toBeUndefined()
})

test("a job whose hook cannot run yet comes again, without an attempt used up, and counts as queued until then", async () => {
  const { connection, lanes } = testLanes()
  const numbers: number[] = []
  consume(connection, {
    retryPolicy: retryPolicy({ attempts: 1 }),
    process: async (_, attempt) => {
      numbers.push(attempt.number)
      return numbers.length < 3 ? "not_yet" : "done"
    },
  })
  const job = asyncJob()
  await lanes.enqueue(job)
  await expect.poll(() => lanes.find(job.executionId)).toMatchObject({ status: "queued", attemptsMade: 0 })
  await expect.poll(() => numbers, { timeout: 10_000 }).toEqual([1, 1, 1])
  await expect.poll(() => lanes.find(job.executionId)).toBeUndefined()
})

test("while it waits for its next attempt a job is found as retrying and counted as delayed", async () => {
  const { connection, lanes } = testLanes()
  consume(connection, {
    retryPolicy: { attempts: 2, firstDelayMs: 3_600_000, factor: 1, maxDelayMs: 3_600_000 },
    process: async () => "retry",
  })
  const job = asyncJob()
  await lanes.enqueue(job)
  await expect.poll(() => lanes.find(job.executionId)).toMatchObject({ status: "retrying", attemptsMade: 1 })
  expect(await lanes.counts(LANE)).toMatchObject({ delayed: 1, waiting: 0 })
  expect(await lanes.waitingCount(LANE)).toBe(1)
})

test("after its last attempt a job is a dead letter", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(async () => "retry")
  consume(connection, { process })
  const job = asyncJob()
  await lanes.enqueue(job)
  await expect
    .poll(() => lanes.find(job.executionId))
    .toEqual({ job, status: "dead_letter", attemptsMade: 3 })
  expect(process).toHaveBeenCalledTimes(3)
})

test("a dead verdict needs no further attempt", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(async () => "dead")
  consume(connection, { process })
  const job = asyncJob()
  await lanes.enqueue(job)
  await expect.poll(() => lanes.find(job.executionId)).toMatchObject({ status: "dead_letter" })
  expect(process).toHaveBeenCalledOnce()
})

test("a synchronous job has one attempt, whatever the policy says", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(async () => "retry")
  consume(connection, { triggerId: "credentials-exchange", process })
  const job = syncJob()
  await lanes.enqueue(job)
  await expect.poll(() => lanes.find(job.executionId, job.triggerId)).toBeUndefined()
  expect(process).toHaveBeenCalledExactlyOnceWith(job, expect.objectContaining({ number: 1, isLast: true }))
})

test("a processor that throws costs an attempt; in the last one the job is reported as lost", async () => {
  const { connection, lanes } = testLanes()
  const onLost = vi.fn<ConsumerOptions["onLost"]>(async () => {})
  const { log } = consume(connection, {
    onLost,
    process: async () => {
      throw new Error("broken")
    },
  })
  const job = asyncJob()
  await lanes.enqueue(job)
  await expect.poll(() => lanes.find(job.executionId)).toMatchObject({ status: "dead_letter" })
  expect(onLost).toHaveBeenCalledExactlyOnceWith(job, 3)
  expect(log.messages.filter((message) => message === "attempt ended without a verdict")).toHaveLength(3)
})

test("a loss that could not be told the first time is that of the same attempt", async () => {
  const { connection, lanes } = testLanes()
  const job = syncJob()
  await lanes.enqueue(job)
  // As BullMQ counts when the worker that was to report the loss was lost, or cut off, as well.
  const key = `${connection.prefix}:${job.triggerId}:${job.executionId}`
  await connection.commands.run((client) => client.hset(key, "stc", 2))
  const onLost = vi.fn<ConsumerOptions["onLost"]>(async () => {})
  consume(connection, { triggerId: "credentials-exchange", onLost })
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledExactlyOnceWith(job, 1))
})

test("a job that does not parse is failed for good and the consumer goes on", async () => {
  const { connection, lanes } = testLanes()
  const seen: string[] = []
  const { log } = consume(connection, {
    process: async (job) => {
      seen.push(job.executionId)
      return "done"
    },
  })
  const queue = lanes.bullQueues().find(({ name }) => name === LANE)
  const stray: Partial<Job> = { executionId: "exe_stray" }
  await queue?.add("execution", stray, { attempts: 5 })
  const job = asyncJob()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(seen).toEqual([job.executionId]))
  await expect.poll(async () => (await lanes.counts(LANE)).failed).toBe(1)
  expect(log.messages).toEqual(["job does not parse"])
})

test("closing waits for what is in hand and takes nothing more", async () => {
  const { connection, lanes } = testLanes()
  const { promise: verdict, resolve: finish } = Promise.withResolvers<"done">()
  const process = vi.fn<ConsumerOptions["process"]>(() => verdict)
  const { consumer } = consume(connection, { concurrency: 1, process })
  const [inHand, next] = [asyncJob(), asyncJob()]
  await lanes.enqueue(inHand)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce())
  await lanes.enqueue(next)
  const closed = vi.fn()
  const closing = consumer.close().then(closed)
  expect((await lanes.find(inHand.executionId))?.status).toBe("running")
  expect(closed).not.toHaveBeenCalled()
  finish("done")
  await closing
  expect(await lanes.find(inHand.executionId)).toBeUndefined()
  expect((await lanes.find(next.executionId))?.status).toBe("queued")
  expect(process).toHaveBeenCalledOnce()
})

test("closing by force aborts what is in hand; its verdict still counts", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(async (_job, attempt) => {
    await aborted(attempt)
    return "retry"
  })
  const { consumer } = consume(connection, { process })
  const job = asyncJob()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce())
  const patient = consumer.close()
  await consumer.close({ force: true })
  await patient
  expect(await lanes.find(job.executionId)).toMatchObject({ status: "retrying", attemptsMade: 1 })
})

test("an attempt that ignores a forced close goes back to its lane for another consumer", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(() => new Promise(() => {}))
  const { consumer } = consume(connection, { process })
  const job = asyncJob()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce())
  await consumer.close({ force: true })
  const numbers: number[] = []
  consume(connection, {
    process: async (_job, attempt) => {
      numbers.push(attempt.number)
      return "done"
    },
  })
  await vi.waitFor(() => expect(numbers).toEqual([2]))
})

test("a synchronous attempt that ignores a forced close is reported as lost", async () => {
  const { connection, lanes } = testLanes()
  const process = vi.fn<ConsumerOptions["process"]>(() => new Promise(() => {}))
  const onLost = vi.fn<ConsumerOptions["onLost"]>(async () => {})
  const { consumer } = consume(connection, { triggerId: "credentials-exchange", process, onLost })
  const job = syncJob()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce())
  await consumer.close({ force: true })
  expect(onLost).toHaveBeenCalledExactlyOnceWith(job, 1)
  expect(await lanes.find(job.executionId, job.triggerId)).toBeUndefined()
})
