import { type Job, TRIGGER_IDS } from "@hooklane/core"
import { expect, onTestFinished, test } from "vitest"
import {
  type ConsumerOptions,
  type Lanes,
  type LanesOptions,
  openLanes,
  startConsumer,
} from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, syncJob, testConnection, testRedis } from "./support.ts"

const LANE = "post-user-registration"

function testLanes(options: Partial<LanesOptions> = {}, connection = testConnection()) {
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14, ...options })
  onTestFinished(() => lanes.close())
  return { lanes, connection }
}

function consume(connection: ReturnType<typeof testConnection>, process: ConsumerOptions["process"]) {
  const consumer = startConsumer(connection, {
    triggerId: LANE,
    concurrency: 10,
    retryPolicy: retryPolicy({ attempts: 2, firstDelayMs: 3_600_000, maxDelayMs: 3_600_000 }),
    process,
    onLost: async () => {},
    log: keepingLog(),
  })
  onTestFinished(() => consumer.close({ force: true }))
  return consumer
}

async function bury(lanes: Lanes, connection: ReturnType<typeof testConnection>, jobs: Job[]) {
  const consumer = consume(connection, async () => "dead")
  for (const job of jobs) {
    await lanes.enqueue(job)
    await expect.poll(async () => (await lanes.find(job.executionId))?.status).toBe("dead_letter")
  }
  await consumer.close()
}

test("an empty lane has nothing in it", async () => {
  const { lanes } = testLanes()
  expect(await lanes.counts("credentials-exchange")).toEqual({
    triggerId: "credentials-exchange",
    mode: "sync",
    isPaused: false,
    waiting: 0,
    active: 0,
    delayed: 0,
    failed: 0,
    oldestWaitingMs: 0,
  })
})

test("waiting jobs are counted, and the age of the next one with them", async () => {
  const { lanes } = testLanes()
  await lanes.enqueue(asyncJob())
  await lanes.enqueue(asyncJob())
  await expect.poll(async () => (await lanes.counts(LANE)).oldestWaitingMs).toBeGreaterThan(20)
  expect(await lanes.counts(LANE)).toMatchObject({ mode: "async", waiting: 2, active: 0 })
  expect(await lanes.waitingCount(LANE)).toBe(2)
  expect(await lanes.waitingCount("credentials-exchange")).toBe(0)
})

test("two looks at a lane tell what was taken from it", async () => {
  const { lanes, connection } = testLanes()
  expect(await lanes.load(LANE)).toEqual({ waiting: 0, taken: 0, oldestWaitingMs: 0 })
  for (let n = 0; n < 3; n++) await lanes.enqueue(asyncJob())
  await expect.poll(async () => (await lanes.load(LANE)).oldestWaitingMs).toBeGreaterThan(20)
  expect(await lanes.load(LANE)).toMatchObject({ waiting: 3, taken: 0 })
  consume(connection, async () => "done")
  await expect.poll(() => lanes.load(LANE)).toEqual({ waiting: 0, taken: 3, oldestWaitingMs: 0 })
})

test("the most urgent jobs run first, and those of equal urgency in the order in which they came", async () => {
  const { lanes, connection } = testLanes()
  const priorities = [5, undefined, 1, 5, 0]
  const jobs = priorities.map((priority) => ({ job: asyncJob({ hookName: String(priority) }), priority }))
  for (const { job, priority } of jobs) await lanes.enqueue(job, { priority })
  expect(await lanes.counts(LANE)).toMatchObject({ waiting: 5, oldestWaitingMs: expect.any(Number) })
  expect(await lanes.waitingCount(LANE)).toBe(5)
  expect((await lanes.find(jobs[0]?.job.executionId ?? ""))?.status).toBe("queued")
  const seen: string[] = []
  const consumer = startConsumer(connection, {
    triggerId: LANE,
    concurrency: 1,
    retryPolicy: retryPolicy(),
    process: async ({ executionId }) => {
      seen.push(executionId)
      return "done"
    },
    onLost: async () => {},
    log: keepingLog(),
  })
  onTestFinished(() => consumer.close())
  const inOrder = [1, 4, 2, 0, 3].map((index) => jobs[index]?.job.executionId)
  await expect.poll(() => seen).toEqual(inOrder)
})

test("a job that is put off runs when its moment has come, and has not waited until then", async () => {
  const { lanes, connection } = testLanes()
  const attempts: { runnableAt: number; startedAt: number }[] = []
  consume(connection, async (_job, { runnableAt }) => {
    attempts.push({ runnableAt, startedAt: Date.now() })
    return "done"
  })
  const job = asyncJob()
  const deliverAt = Date.now() + 400
  await lanes.enqueue(job, { deliverAt })
  expect(await lanes.find(job.executionId)).toMatchObject({ status: "queued" })
  expect(await lanes.counts(LANE)).toMatchObject({ waiting: 0, delayed: 1 })
  await expect.poll(() => attempts).toHaveLength(1)
  const [{ runnableAt, startedAt } = { runnableAt: 0, startedAt: 0 }] = attempts
  expect(startedAt).toBeGreaterThanOrEqual(deliverAt)
  expect(Math.abs(runnableAt - deliverAt)).toBeLessThan(50)
  await lanes.enqueue(asyncJob(), { deliverAt: Date.now() - 1_000 })
  await expect.poll(() => attempts).toHaveLength(2)
})

test("an execution that is in its lane is not added again", async () => {
  const { lanes } = testLanes()
  const job = asyncJob()
  await lanes.enqueue(job)
  await lanes.enqueue({ ...job, hookName: "another" })
  expect(await lanes.waitingCount(LANE)).toBe(1)
  expect((await lanes.find(job.executionId))?.job).toEqual(job)
})

test("a job is found by its execution where it stands", async () => {
  const { lanes, connection } = testLanes()
  const job = asyncJob()
  await lanes.enqueue(job)
  expect(await lanes.find(job.executionId)).toEqual({ job, status: "queued", attemptsMade: 0 })
  const { promise: running, resolve: finish } = Promise.withResolvers<"done">()
  consume(connection, () => running)
  await expect.poll(() => lanes.find(job.executionId)).toMatchObject({ status: "running", attemptsMade: 0 })
  expect(await lanes.counts(LANE)).toMatchObject({ waiting: 0, active: 1 })
  finish("done")
  await expect.poll(() => lanes.find(job.executionId)).toBeUndefined()
})

test("a synchronous job is found when its trigger is named", async () => {
  const { lanes } = testLanes()
  const job = syncJob()
  await lanes.enqueue(job)
  expect(await lanes.find(job.executionId)).toBeUndefined()
  expect(await lanes.find(job.executionId, job.triggerId)).toMatchObject({ job, status: "queued" })
})

test("a paused lane keeps its jobs until it is resumed", async () => {
  const { lanes, connection } = testLanes()
  const seen: string[] = []
  consume(connection, async (job) => {
    seen.push(job.executionId)
    return "done"
  })
  await lanes.pause(LANE)
  const job = asyncJob()
  await lanes.enqueue(job)
  const other = asyncJob({ triggerId: "post-change-password" })
  await lanes.enqueue(other)
  expect(await lanes.counts(LANE)).toMatchObject({ isPaused: true, waiting: 1 })
  expect(await lanes.counts("post-change-password")).toMatchObject({ isPaused: false })
  await lanes.resume(LANE)
  await expect.poll(() => seen).toEqual([job.executionId])
  expect(await lanes.counts(LANE)).toMatchObject({ isPaused: false, waiting: 0 })
})

test("only the newest dead letters are kept", async () => {
  const { lanes, connection } = testLanes({ maxDeadLetters: 2 })
  const jobs = [asyncJob(), asyncJob(), asyncJob()]
  await bury(lanes, connection, jobs)
  const found = await Promise.all(jobs.map((job) => lanes.find(job.executionId)))
  expect(found.map((one) => one?.status)).toEqual([undefined, "dead_letter", "dead_letter"])
  expect(await lanes.counts(LANE)).toMatchObject({ failed: 2 })
})

test("dead letters past their age are pruned", async () => {
  const { lanes, connection } = testLanes()
  const job = asyncJob()
  await bury(lanes, connection, [job])
  await lanes.pruneDeadLetters()
  expect(await lanes.find(job.executionId)).toMatchObject({ status: "dead_letter" })
  const { lanes: forgetful } = testLanes({ retentionDays: 0 }, connection)
  await forgetful.pruneDeadLetters()
  expect(await lanes.find(job.executionId)).toBeUndefined()
})

test("a job that waits can be taken out; one that runs or is dead cannot", async () => {
  const { lanes, connection } = testLanes()
  const dead = asyncJob()
  await bury(lanes, connection, [dead])
  const [waiting, delayed, running] = [asyncJob(), asyncJob({ hookName: "fails" }), asyncJob()]
  const consumer = consume(connection, async ({ hookName }) =>
    hookName === "fails" ? "retry" : new Promise<never>(() => {}),
  )
  await lanes.enqueue(running)
  await expect.poll(async () => (await lanes.find(running.executionId))?.status).toBe("running")
  await lanes.enqueue(delayed)
  await expect.poll(async () => (await lanes.find(delayed.executionId))?.status).toBe("retrying")
  await lanes.pause(LANE)
  await lanes.enqueue(waiting)
  for (const job of [waiting, delayed]) {
    expect(await lanes.removeWaiting(job.executionId, LANE)).toEqual(job)
    expect(await lanes.removeWaiting(job.executionId, LANE)).toBeUndefined()
    expect(await lanes.find(job.executionId)).toBeUndefined()
  }
  for (const job of [dead, running]) {
    expect(await lanes.removeWaiting(job.executionId, LANE)).toBeUndefined()
    expect(await lanes.find(job.executionId)).toBeDefined()
  }
  await consumer.close({ force: true })
})

test("a dead letter can be removed; a job that waits is not one", async () => {
  const { lanes, connection } = testLanes()
  const dead = asyncJob()
  await bury(lanes, connection, [dead])
  const waiting = asyncJob()
  await lanes.enqueue(waiting)
  for (const { executionId } of [dead, waiting]) await lanes.removeDeadLetter(executionId, LANE)
  await lanes.removeDeadLetter("exe_unknown", LANE)
  expect(await lanes.find(dead.executionId)).toBeUndefined()
  expect(await lanes.find(waiting.executionId)).toMatchObject({ status: "queued" })
})

test("a finished synchronous job leaves nothing but the lane's own few keys", async () => {
  const { lanes, connection } = testLanes()
  const consumer = startConsumer(connection, {
    triggerId: "credentials-exchange",
    concurrency: 1,
    retryPolicy: retryPolicy(),
    process: async (job) => (job.hookName === "fails" ? "dead" : "done"),
    onLost: async () => {},
    log: keepingLog(),
  })
  onTestFinished(() => consumer.close())
  await lanes.enqueue(syncJob())
  await lanes.enqueue(syncJob({ hookName: "fails" }))
  const keys = () => connection.commands.run((client) => client.keys(`${connection.prefix}:*`))
  await expect.poll(async () => (await lanes.counts("credentials-exchange")).active).toBe(0)
  await expect.poll(async () => (await keys()).filter((key) => key.includes("exe_"))).toEqual([])
  const lengthOfEvents = () =>
    connection.commands.run((client) => client.xlen(`${connection.prefix}:credentials-exchange:events`))
  for (let n = 0; n < 200; n++) await lanes.enqueue(syncJob())
  await expect.poll(() => lanes.waitingCount("credentials-exchange")).toBe(0)
  expect(await lengthOfEvents()).toBeLessThan(300)
})

test("there is one queue per trigger", () => {
  const { lanes } = testLanes()
  expect(lanes.bullQueues().map((queue) => queue.name)).toEqual([...TRIGGER_IDS])
})

test("without Redis a job is refused within the time-out", async () => {
  const redis = await testRedis()
  const { lanes, connection } = testLanes({}, testConnection({ url: redis.url, timeoutMs: 200 }))
  await lanes.enqueue(asyncJob())
  await redis.stop()
  await expect(lanes.enqueue(asyncJob())).rejects.toMatchObject({ code: "redis_unavailable" })
  await redis.start()
  await connection.ping(5_000)
  await expect.poll(() => lanes.waitingCount(LANE).catch(() => 0)).toBe(1)
})
