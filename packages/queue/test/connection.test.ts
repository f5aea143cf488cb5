import { expect, inject, test, vi } from "vitest"
import { openConnection } from "../src/index.ts"
import { keepingLog, testConnection, testRedis } from "./support.ts"

const NOWHERE = "unix:///tmp/hooklane-there-is-no-redis.sock"

test("a ping is answered by a Redis that is there", async () => {
  await expect(testConnection().ping(1_000)).resolves.toBeUndefined()
})

test("without Redis a ping fails as redis_unavailable when its time is over", async () => {
  const connection = testConnection({ url: NOWHERE })
  const startedAt = Date.now()
  await expect(connection.ping(200)).rejects.toMatchObject({ code: "redis_unavailable" })
  expect(Date.now() - startedAt).toBeLessThan(1_000)
})

test("without Redis any command fails as redis_unavailable within the time-out", async () => {
  const { commands } = testConnection({ url: NOWHERE, timeoutMs: 100 })
  await expect(commands.run((client) => client.get("key"))).rejects.toMatchObject({
    code: "redis_unavailable",
  })
})

test("a command that was given up is not sent later, and the connection comes back by itself", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url, timeoutMs: 200 })
  await connection.ping(5_000)
  await redis.stop()
  const late = connection.commands.run((client) => client.set(`${connection.prefix}:late`, "1"))
  await expect(late).rejects.toMatchObject({ code: "redis_unavailable" })
  await redis.start()
  await connection.ping(5_000)
  expect(await connection.commands.run((client) => client.get(`${connection.prefix}:late`))).toBeNull()
})

test("an error of a command itself is not taken for an absent Redis", async () => {
  const { commands, prefix } = testConnection()
  await commands.run((client) => client.set(`${prefix}:text`, "abc"))
  await expect(commands.run((client) => client.incr(`${prefix}:text`))).rejects.toThrow("not an integer")
})

test("a Redis that refuses to store is reported as unavailable", async () => {
  const redis = await testRedis()
  const { commands, prefix } = testConnection({ url: redis.url })
  await commands.run((client) => client.config("SET", "maxmemory", "1"))
  await expect(commands.run((client) => client.set(`${prefix}:text`, "abc"))).rejects.toMatchObject({
    code: "redis_unavailable",
  })
})

test("the log says once that Redis is away and once that it is back", async () => {
  const redis = await testRedis()
  const log = keepingLog()
  const connection = testConnection({ url: redis.url, log })
  await connection.ping(5_000)
  await redis.stop()
  await expect(connection.ping(600)).rejects.toThrow()
  await redis.start()
  await connection.ping(5_000)
  expect(log.messages).toEqual(["redis connection failed", "redis connection is back"])
})

test("a connection that is back says so, each time; its beginning is no return", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const returns = vi.fn()
  connection.onReconnect(returns)
  await connection.ping(5_000)
  expect(returns).not.toHaveBeenCalled()
  for (const times of [1, 2]) {
    await redis.stop()
    await redis.start()
    await connection.ping(5_000)
    expect(returns).toHaveBeenCalledTimes(times)
  }
})

test("a Redis that may drop keys is warned about", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  expect(await connection.checkPolicy()).toBeUndefined()
  await connection.commands.run((client) => client.config("SET", "maxmemory-policy", "allkeys-lru"))
  expect(await connection.checkPolicy()).toContain("maxmemory-policy is allkeys-lru")
})

test("connections carry the process's name and are gone after close", async () => {
  const watcher = testConnection()
  const names = async () => await watcher.commands.run((client) => client.client("LIST"))
  const { prefix } = watcher
  const connection = openConnection({ url: inject("redisUrl"), prefix, name: prefix })
  connection.open("extra")
  await connection.ping(1_000)
  await expect.poll(names).toContain(`name=${prefix}:extra`)
  expect(await names()).toContain(`name=${prefix}:shared`)
  await connection.close()
  await expect.poll(names).not.toContain(`name=${prefix}:`)
})

test("another database is chosen in the address of a socket", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: `${redis.url}?db=2` })
  await connection.ping(5_000)
  expect(await connection.commands.run((client) => client.client("INFO"))).toContain("db=2")
})
