import type { Reply } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { expect, onTestFinished, test } from "vitest"
import { openReplies, type QueueConnection, sendReply } from "../src/index.ts"
import { keepingLog, testConnection, testRedis } from "./support.ts"

const keyRing = createKeyRing(generateMasterKey())
const reply: Reply = { status: "succeeded", value: { scope: ["read"] }, runMs: 3 }

async function testReplies(connection: QueueConnection, gatewayId = "gateway-1") {
  const replies = await openReplies(connection, { keyRing, gatewayId })
  onTestFinished(() => replies.close())
  return replies
}

function inMs(ms: number): number {
  return Date.now() + ms
}

test("a reply reaches the gateway that waits for it", async () => {
  const connection = testConnection()
  const replies = await testReplies(connection)
  const waiting = replies.wait("exe_1", inMs(5_000))
  expect(replies.inFlight).toBe(1)
  await sendReply(connection, { keyRing, address: replies.address, executionId: "exe_1", reply })
  expect(await waiting).toEqual(reply)
  expect(replies.inFlight).toBe(0)
})

test("many waits get each their own reply", async () => {
  const connection = testConnection()
  const replies = await testReplies(connection)
  const ids = Array.from({ length: 300 }, (_, n) => `exe_${n}`)
  const waits = ids.map((id) => replies.wait(id, inMs(10_000)))
  await Promise.all(
    ids.toReversed().map((executionId, n) =>
      sendReply(connection, {
        keyRing,
        address: replies.address,
        executionId,
        reply: { status: "succeeded", value: 299 - n, runMs: 0 },
      }),
    ),
  )
  expect((await Promise.all(waits)).map((one) => one?.status === "succeeded" && one.value)).toEqual(
    ids.map((_id, n) => n),
  )
})

test("two waits for the same execution both get its reply", async () => {
  const connection = testConnection()
  const replies = await testReplies(connection)
  const waits = [replies.wait("exe_1", inMs(5_000)), replies.wait("exe_1", inMs(5_000))]
  await sendReply(connection, { keyRing, address: replies.address, executionId: "exe_1", reply })
  expect(await Promise.all(waits)).toEqual([reply, reply])
})

test("a gateway hears nothing of another gateway's replies", async () => {
  const connection = testConnection()
  const mine = await testReplies(connection)
  const others = await testReplies(connection, "gateway-2")
  let isHeard = false
  const wait = mine.wait("exe_1", inMs(10_000)).then(() => {
    isHeard = true
  })
  const theirs = others.wait("exe_1", inMs(5_000))
  await sendReply(connection, { keyRing, address: others.address, executionId: "exe_1", reply })
  expect(await theirs).toEqual(reply)
  expect(isHeard).toBe(false)
  await mine.close()
  await wait
})

test("without a reply a wait ends at its deadline, and a late reply is ignored", async () => {
  const connection = testConnection()
  const log = keepingLog()
  const replies = await testReplies({ ...connection, log })
  const startedAt = Date.now()
  expect(await replies.wait("exe_1", inMs(100))).toBeUndefined()
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(95)
  expect(Date.now() - startedAt).toBeLessThan(900)
  await sendReply(connection, { keyRing, address: replies.address, executionId: "exe_1", reply })
  const next = replies.wait("exe_2", inMs(5_000))
  await sendReply(connection, { keyRing, address: replies.address, executionId: "exe_2", reply })
  expect(await next).toEqual(reply)
  expect(log.messages).toEqual([])
})

test("a reply that was never heard is found under its key at the deadline", async () => {
  const connection = testConnection()
  const replies = await testReplies(connection)
  const waiting = replies.wait("exe_1", inMs(300))
  await sendReply(connection, { keyRing, address: "gateway-elsewhere", executionId: "exe_1", reply })
  expect(await waiting).toEqual(reply)
})

test("a wait ends a quarter of a second after its deadline though Redis is silent", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const replies = await testReplies(connection)
  await connection.commands.run((client) => client.call("CLIENT", "PAUSE", "1000"))
  const startedAt = Date.now()
  expect(await replies.wait("exe_1", inMs(100))).toBeUndefined()
  expect(Date.now() - startedAt).toBeLessThan(500)
})

test("a reply's key goes by itself, and what it holds is sealed", async () => {
  const { commands, prefix, ...rest } = testConnection()
  const connection = { commands, prefix, ...rest }
  const secret: Reply = { status: "succeeded", value: "very secret", runMs: 1 }
  await sendReply(connection, { keyRing, address: "gateway-1", executionId: "exe_1", reply: secret })
  const key = `${prefix}:reply:exe_1`
  expect(await commands.run((client) => client.pttl(key))).toBeGreaterThan(5_000)
  expect(await commands.run((client) => client.pttl(key))).toBeLessThanOrEqual(10_000)
  expect(await commands.run((client) => client.get(key))).not.toContain("secret")
})

test.each([
  ["nothing", ""],
  ["an id alone", "exe_1"],
  ["a payload that is not sealed", 'exe_1 {"status":"succeeded","runMs":1}'],
  ["a payload sealed for another execution", `exe_1 ${keyRing.seal(JSON.stringify(reply), "reply:exe_2")}`],
  ["a sealed payload that is no reply", `exe_1 ${keyRing.seal('{"status":"maybe"}', "reply:exe_1")}`],
  ["a sealed payload that is not JSON", `exe_1 ${keyRing.seal("{", "reply:exe_1")}`],
])("%s on the channel harms nobody", async (_name, message) => {
  const connection = testConnection()
  const replies = await testReplies(connection)
  const waiting = replies.wait("exe_1", inMs(5_000))
  const channel = `${connection.prefix}:replies:${replies.address}`
  await connection.commands.run((client) => client.publish(channel, message))
  await sendReply(connection, { keyRing, address: replies.address, executionId: "exe_1", reply })
  expect(await waiting).toEqual(reply)
})

test("closing ends every wait", async () => {
  const replies = await testReplies(testConnection())
  const waiting = replies.wait("exe_1", inMs(60_000))
  await replies.close()
  expect(await waiting).toBeUndefined()
  expect(await replies.wait("exe_2", inMs(60_000))).toBeUndefined()
  expect(replies.inFlight).toBe(0)
})

test("without Redis listening is refused within the time-out", async () => {
  const connection = testConnection({ url: "unix:///tmp/hooklane-there-is-no-redis.sock", timeoutMs: 100 })
  await expect(testReplies(connection)).rejects.toMatchObject({ code: "redis_unavailable" })
})

test("a reply sent while the gateway was cut off is found when it is back", async () => {
  const redis = await testRedis()
  const gateway = testConnection({ url: redis.url, name: "gateway" })
  const worker = testConnection({ url: redis.url, prefix: gateway.prefix })
  const replies = await testReplies(gateway)
  const waiting = replies.wait("exe_1", inMs(15_000))
  await worker.commands.run((client) =>
    client
      .multi()
      .call("CLIENT", "KILL", "TYPE", "pubsub")
      .set(`${gateway.prefix}:reply:exe_1`, keyRing.seal(JSON.stringify(reply), "reply:exe_1"), "PX", 10_000)
      .exec(),
  )
  const startedAt = Date.now()
  expect(await waiting).toEqual(reply)
  expect(Date.now() - startedAt).toBeLessThan(5_000)
})

test("a gateway hears replies again after a restart of Redis", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const replies = await testReplies(connection)
  const waiting = replies.wait("exe_1", inMs(15_000))
  await redis.stop()
  await redis.start()
  await connection.ping(5_000)
  await sendReply(connection, { keyRing, address: replies.address, executionId: "exe_1", reply })
  expect(await waiting).toEqual(reply)
})

test("a wait that is given up ends at once", async () => {
  const replies = await testReplies(testConnection())
  const giveUp = new AbortController()
  const waiting = replies.wait("exe_1", inMs(10_000), giveUp.signal)
  giveUp.abort()
  expect(await waiting).toBeUndefined()
  expect(replies.inFlight).toBe(0)
})

test("a reply that was sealed with a foreign key ends the wait at once, with the reason", async () => {
  const connection = testConnection({ log: keepingLog() })
  const replies = await testReplies(connection)
  const waiting = replies.wait("exe_1", inMs(60_000))
  const foreign = createKeyRing(generateMasterKey())
  await sendReply(connection, { keyRing: foreign, address: replies.address, executionId: "exe_1", reply })
  expect(await waiting).toMatchObject({
    status: "failed",
    failure: "worker_lost",
    error: { message: expect.stringContaining("the same HOOKLANE_MASTER_KEY") },
  })
})
