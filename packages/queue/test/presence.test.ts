import { expect, onTestFinished, test } from "vitest"
import { allowedSilenceMs, announceWorker, listWorkers, type WorkerInfo } from "../src/index.ts"
import { keepingLog, testConnection, testRedis } from "./support.ts"

function worker(id: string): WorkerInfo {
  return {
    id,
    host: "host-1",
    pid: 4711,
    startedAt: 1_700_000_000_000,
    threads: 2,
    version: "0.1.0",
    lanes: ["credentials-exchange", "post-user-registration"],
  }
}

test("workers are listed while they announce themselves, and gone once they stop", async () => {
  const connection = testConnection()
  expect(await listWorkers(connection)).toEqual([])
  const first = announceWorker(connection, worker("wrk_1"), { intervalMs: 50 })
  const second = announceWorker(connection, worker("wrk_2"), { intervalMs: 50 })
  onTestFinished(() => second.close())
  const ids = async () => (await listWorkers(connection)).map(({ id }) => id).toSorted()
  await expect.poll(ids).toEqual(["wrk_1", "wrk_2"])
  expect(await listWorkers(connection)).toContainEqual(worker("wrk_1"))
  await first.close()
  expect(await ids()).toEqual(["wrk_2"])
})

test("a worker that dies without a word is gone when four beats have passed", async () => {
  const connection = testConnection()
  const dying = testConnection({ prefix: connection.prefix })
  announceWorker(dying, worker("wrk_1"), { intervalMs: 100 })
  await expect.poll(() => listWorkers(connection)).toHaveLength(1)
  await dying.close()
  await expect.poll(() => listWorkers(connection)).toEqual([])
  const index = `${connection.prefix}:workers`
  expect(await connection.commands.run((client) => client.smembers(index))).toEqual([])
})

test("a worker is listed again after Redis lost everything", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const presence = announceWorker(connection, worker("wrk_1"), { intervalMs: 50 })
  onTestFinished(() => presence.close())
  await expect.poll(() => listWorkers(connection)).toHaveLength(1)
  await connection.commands.run((client) => client.flushall())
  await expect.poll(() => listWorkers(connection)).toHaveLength(1)
  await redis.stop()
  await redis.start()
  await expect.poll(() => listWorkers(connection), { timeout: 5_000 }).toHaveLength(1)
})

test("a worker is listed again as soon as it is back at a Redis that lost everything", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const announced = announceWorker(connection, worker("wrk_1"), { intervalMs: 3_600_000 })
  onTestFinished(() => announced.close())
  await expect.poll(() => listWorkers(connection)).toHaveLength(1)
  const { client } = connection.commands
  await client.flushall()
  await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no").catch(() => {})
  await expect.poll(() => listWorkers(connection).catch(() => "away")).toEqual([worker("wrk_1")])
})

test("what is no worker is left out and logged", async () => {
  const log = keepingLog()
  const connection = testConnection({ log })
  const { prefix, commands } = connection
  await commands.run((client) => client.set(`${prefix}:worker:wrk_1`, '{"id":"wrk_1"}'))
  await commands.run((client) => client.sadd(`${prefix}:workers`, "wrk_1"))
  expect(await listWorkers(connection)).toEqual([])
  expect(log.messages).toEqual(["worker does not parse"])
})

test("closing while Redis is away does not fail", async () => {
  const connection = testConnection({ url: "unix:///tmp/hooklane-there-is-no-redis.sock", timeoutMs: 100 })
  const presence = announceWorker(connection, worker("wrk_1"))
  await expect(presence.close()).resolves.toBeUndefined()
})

test.each([
  ["in time", 0, 8_000],
  ["a second late", 1_000, 12_000],
  ["ever so late", 60_000, 30_000],
])("a worker whose beats are %s may be silent accordingly", (_, lateMs, allowedMs) => {
  expect(allowedSilenceMs({ intervalMs: 2_000, lateMs })).toBe(allowedMs)
})
