import { expect, test } from "vitest"
import { openHookChanges } from "../src/index.ts"
import { testConnection, testRedis } from "./support.ts"

/** Two gateways on one Redis. */
function twoGateways(url?: string) {
  const options = url === undefined ? {} : { url }
  const one = testConnection(options)
  const other = testConnection({ ...options, prefix: one.prefix })
  return { connection: one, one: openHookChanges(one), other: openHookChanges(other) }
}

test("all gateways read the same mark until one announces a change", async () => {
  const { one, other } = twoGateways()
  const [mark, same] = await Promise.all([one.mark(), other.mark()])
  expect(same).toBe(mark)
  await one.announce()
  const next = await other.mark()
  expect(next).not.toBe(mark)
  expect(await one.mark()).toBe(next)
})

test("the mark is another one when Redis has lost it", async () => {
  const { connection, one, other } = twoGateways()
  const mark = await one.mark()
  await connection.commands.run((client) => client.del(`${connection.prefix}:hooks-mark`))
  const next = await one.mark()
  expect(next).not.toBe(mark)
  expect(await other.mark()).toBe(next)
})

test("all who ask at once share one read, and the next asks anew", async () => {
  const redis = await testRedis()
  const { connection, one } = twoGateways(redis.url)
  await one.mark()
  const reads = async () => {
    const stats = await connection.commands.run((client) => client.info("commandstats"))
    return Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1])
  }
  const before = await reads()
  await Promise.all(Array.from({ length: 50 }, () => one.mark()))
  expect(await reads()).toBe(before + 1)
  await one.mark()
  expect(await reads()).toBe(before + 2)
})

test("a change that could not be announced is announced before the next mark is read", async () => {
  const redis = await testRedis()
  const { connection, one, other } = twoGateways(redis.url)
  const mark = await one.mark()
  await redis.stop()
  await expect(one.announce()).rejects.toMatchObject({ code: "redis_unavailable" })
  await redis.start()
  await connection.ping(5_000)
  const next = await one.mark()
  expect(next).not.toBe(mark)
  expect(await other.mark()).toBe(next)
})
