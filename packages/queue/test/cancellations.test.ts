import { expect, onTestFinished, test, vi } from "vitest"
import {
  announceCancellation,
  CANCELLED,
  type ConsumerOptions,
  openCancellations,
  openLanes,
  type QueueConnection,
  startConsumer,
} from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, testConnection, testRedis } from "./support.ts"

const LANE = "post-user-registration"

function listen(connection: QueueConnection) {
  const cancellations = openCancellations(connection)
  onTestFinished(() => cancellations.close())
  return cancellations
}

/** Resolves when `connection` is heard by those who listen. */
async function heardBy(connection: QueueConnection, listeners: number): Promise<void> {
  const channel = `${connection.prefix}:cancellations`
  const count = () => connection.commands.run((client) => client.pubsub("NUMSUB", channel))
  await expect.poll(count).toEqual([channel, listeners])
}

function cancel(connection: QueueConnection, executionId: string): Promise<void> {
  return announceCancellation(connection, { executionId, rememberMs: 60_000 })
}

test("every worker that watches an execution hears that it is cancelled, and nobody else does", async () => {
  const connection = testConnection()
  const listeners = [listen(connection), listen(connection)]
  const calls = listeners.map((one) => {
    const [wanted, other] = [vi.fn(), vi.fn()]
    one.watch("exe_1", wanted)
    one.watch("exe_2", other)
    return { wanted, other }
  })
  await heardBy(connection, 2)
  await cancel(connection, "exe_1")
  await vi.waitFor(() => {
    for (const { wanted } of calls) expect(wanted).toHaveBeenCalledOnce()
  })
  for (const { other } of calls) expect(other).not.toHaveBeenCalled()
})

test("a cancellation that comes before its job is heard when the job comes, and one that was ended is not", async () => {
  const connection = testConnection()
  const cancellations = listen(connection)
  const ended = vi.fn()
  cancellations.watch("exe_1", ended)()
  await heardBy(connection, 1)
  await cancel(connection, "exe_1")
  await vi.waitFor(() => {
    const late = vi.fn()
    cancellations.watch("exe_1", late)()
    expect(late).toHaveBeenCalledOnce()
  })
  expect(ended).not.toHaveBeenCalled()
})

test("a worker that was not there finds the cancellation, for as long as it is remembered", async () => {
  const connection = testConnection()
  await cancel(connection, "exe_1")
  await announceCancellation(connection, { executionId: "exe_2", rememberMs: 1 })
  const cancellations = listen(connection)
  expect(await cancellations.wasCancelled("exe_1")).toBe(true)
  await expect.poll(() => cancellations.wasCancelled("exe_2")).toBe(false)
  expect(await cancellations.wasCancelled("exe_3")).toBe(false)
})

test("what was cancelled while the connection was lost is heard when it is back", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const cancellations = listen(connection)
  const onCancel = vi.fn()
  cancellations.watch("exe_1", onCancel)
  await heardBy(connection, 1)
  const key = `${connection.prefix}:cancelled:exe_1`
  await connection.commands.run((client) => client.set(key, ""))
  await redis.stop()
  await redis.start()
  await vi.waitFor(() => expect(onCancel).toHaveBeenCalled(), 5_000)
})

function consume(connection: QueueConnection, options: Partial<ConsumerOptions>) {
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  const consumer = startConsumer(connection, {
    triggerId: LANE,
    concurrency: 2,
    retryPolicy: retryPolicy(),
    process: async () => "done",
    onLost: async () => {},
    cancellations: listen(connection),
    log: keepingLog(),
    ...options,
  })
  onTestFinished(() => lanes.close())
  onTestFinished(() => consumer.close({ force: true }))
  return lanes
}

test("an attempt that runs is told, with the reason", async () => {
  const connection = testConnection()
  const reasons: unknown[] = []
  const process = vi.fn<ConsumerOptions["process"]>(async (_job, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve))
    reasons.push(signal.reason)
    return "done"
  })
  const lanes = consume(connection, { process })
  const job = asyncJob()
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce())
  await cancel(connection, job.executionId)
  await expect.poll(() => reasons).toEqual([CANCELLED])
  await expect.poll(() => lanes.find(job.executionId)).toBeUndefined()
})

test("a later attempt begins with what was cancelled before", async () => {
  const connection = testConnection()
  const seen: { number: number; isCancelled: boolean }[] = []
  const lanes = consume(connection, {
    process: async (job, { number, signal }) => {
      seen.push({ number, isCancelled: signal.reason === CANCELLED })
      if (number > 1) return "done"
      const key = `${connection.prefix}:cancelled:${job.executionId}`
      await connection.commands.run((client) => client.set(key, "", "PX", 60_000))
      return "retry"
    },
  })
  await lanes.enqueue(asyncJob())
  await expect
    .poll(() => seen)
    .toEqual([
      { number: 1, isCancelled: false },
      { number: 2, isCancelled: true },
    ])
})
