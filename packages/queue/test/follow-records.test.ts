import type { ExecutionRecord } from "@hooklane/core"
import { expect, test } from "vitest"
import { appendRecords, followRecords, openRecordReader, type QueueConnection } from "../src/index.ts"
import { keepingLog, record, testConnection } from "./support.ts"

const PLENTY = { maxStreamLength: 10_000 }

async function collect(records: AsyncIterable<ExecutionRecord>, count: number): Promise<string[]> {
  const ids: string[] = []
  for await (const { head } of records) {
    ids.push(head.executionId)
    if (ids.length === count) break
  }
  return ids
}

function followers({ commands, prefix }: QueueConnection): Promise<unknown> {
  return commands.run((client) => client.pubsub("NUMSUB", `${prefix}:follow`))
}

test("a follower sees what is appended from now on, even if the history has removed it", async () => {
  const connection = testConnection()
  await appendRecords(connection, PLENTY, [record("exe_before")])
  const records = await followRecords(connection, { signal: new AbortController().signal })
  await appendRecords(connection, PLENTY, [record("exe_1"), record("exe_2")])
  const reader = openRecordReader(connection, { group: "history", consumer: "reader-1" })
  const read = await reader.read({ count: 10, blockMs: 100 })
  await reader.ack(read.map(({ id }) => id))
  await reader.close()
  expect(await collect(records, 2)).toEqual(["exe_1", "exe_2"])
})

test("several followers see the same", async () => {
  const connection = testConnection()
  const { signal } = new AbortController()
  const all = await Promise.all([1, 2].map(() => followRecords(connection, { signal })))
  await appendRecords(connection, PLENTY, [record("exe_1")])
  expect(await Promise.all(all.map((records) => collect(records, 1)))).toEqual([["exe_1"], ["exe_1"]])
})

test("following ends with its signal and leaves no listener behind", async () => {
  const connection = testConnection()
  const stop = new AbortController()
  const records = await followRecords(connection, { signal: stop.signal })
  const collected = collect(records, 10)
  await appendRecords(connection, PLENTY, [record("exe_1")])
  await expect.poll(() => followers(connection)).toEqual([`${connection.prefix}:follow`, 1])
  stop.abort()
  await collected
  await expect.poll(() => followers(connection)).toEqual([`${connection.prefix}:follow`, 0])
})

test("a follower that leaves on its own is gone as well", async () => {
  const connection = testConnection()
  const records = await followRecords(connection, { signal: new AbortController().signal })
  await appendRecords(connection, PLENTY, [record("exe_1")])
  await collect(records, 1)
  await expect.poll(() => followers(connection)).toEqual([`${connection.prefix}:follow`, 0])
})

test("a slow follower gets the newest records", async () => {
  const connection = testConnection()
  const records = await followRecords(connection, { signal: new AbortController().signal })
  const many = Array.from({ length: 1_010 }, (_, n) => record(`exe_${n}`))
  await appendRecords(connection, PLENTY, many)
  // As many turns in which the follower's connection receives what Redis has sent.
  for (let turn = 0; turn < 50; turn++) await connection.ping(1_000)
  const ids = await collect(records, 1)
  expect(ids).toEqual(["exe_10"])
})

test("what is no record is left out and logged", async () => {
  const log = keepingLog()
  const connection = testConnection({ log })
  const records = await followRecords(connection, { signal: new AbortController().signal })
  await connection.commands.run((client) => client.publish(`${connection.prefix}:follow`, "{}"))
  await appendRecords(connection, PLENTY, [record("exe_1")])
  expect(await collect(records, 1)).toEqual(["exe_1"])
  expect(log.messages).toEqual(["execution record does not parse"])
})

test("without Redis following is refused within the time-out", async () => {
  const connection = testConnection({ url: "unix:///tmp/hooklane-there-is-no-redis.sock", timeoutMs: 100 })
  const following = followRecords(connection, { signal: new AbortController().signal })
  await expect(following).rejects.toMatchObject({ code: "redis_unavailable" })
})
