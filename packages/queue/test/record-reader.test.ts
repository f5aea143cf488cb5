import { expect, onTestFinished, test } from "vitest"
import {
  appendRecords,
  openRecordReader,
  type QueueConnection,
  type ReadRecord,
  type RecordReader,
} from "../src/index.ts"
import { keepingLog, record, testConnection, testRedis } from "./support.ts"

const PLENTY = { maxStreamLength: 10_000 }

function testReader(connection: QueueConnection, consumer = "reader-1", claimAfterMs?: number): RecordReader {
  const reader = openRecordReader(connection, {
    group: "history",
    consumer,
    ...(claimAfterMs === undefined ? {} : { claimAfterMs }),
  })
  onTestFinished(() => reader.close())
  return reader
}

function executionIds(read: ReadRecord[]): string[] {
  return read.map(({ record: { head } }) => head.executionId)
}

function streamLength({ commands, prefix }: QueueConnection): Promise<number> {
  return commands.run((client) => client.xlen(`${prefix}:records`))
}

test("records are read in order, also those from before the reader, and removed when acknowledged", async () => {
  const connection = testConnection()
  const first = record("exe_1")
  await appendRecords(connection, PLENTY, [first, record("exe_2")])
  const reader = testReader(connection)
  const read = await reader.read({ count: 10, blockMs: 100 })
  expect(read[0]?.record).toEqual(first)
  expect(executionIds(read)).toEqual(["exe_1", "exe_2"])
  expect(await streamLength(connection)).toBe(2)
  await reader.ack(read.map(({ id }) => id))
  expect(await streamLength(connection)).toBe(0)
  expect(await reader.read({ count: 10, blockMs: 10 })).toEqual([])
})

test("a read waits for the first record", async () => {
  const connection = testConnection()
  const reader = testReader(connection)
  expect(await reader.read({ count: 10, blockMs: 1 })).toEqual([])
  const reading = reader.read({ count: 10, blockMs: 5_000 })
  await appendRecords(connection, PLENTY, [record("exe_1")])
  expect(executionIds(await reading)).toEqual(["exe_1"])
})

test("two readers of a group share the records", async () => {
  const connection = testConnection()
  const readers = [testReader(connection, "reader-1"), testReader(connection, "reader-2")]
  const all = Array.from({ length: 20 }, (_, n) => `exe_${n}`)
  await appendRecords(connection, PLENTY, all.map(record))
  const seen: string[][] = await Promise.all(
    readers.map(async (reader) => {
      const ids: string[] = []
      for (let read = await reader.read({ count: 2, blockMs: 50 }); read.length > 0; ) {
        ids.push(...executionIds(read))
        await reader.ack(read.map(({ id }) => id))
        read = await reader.read({ count: 2, blockMs: 50 })
      }
      return ids
    }),
  )
  expect(seen.flat().toSorted()).toEqual(all.toSorted())
  expect(seen.every((ids) => ids.length > 0)).toBe(true)
})

test("what a reader took and never acknowledged comes to another one", async () => {
  const connection = testConnection()
  await appendRecords(connection, PLENTY, [record("exe_1"), record("exe_2")])
  const dying = testReader(connection, "dying")
  expect(await dying.read({ count: 10, blockMs: 100 })).toHaveLength(2)
  await dying.close()
  const heir = testReader(connection, "heir", 200)
  expect(await heir.read({ count: 10, blockMs: 10 })).toEqual([])
  const claimed: ReadRecord[] = []
  await expect
    .poll(async () => {
      claimed.push(...(await heir.read({ count: 1, blockMs: 10 })))
      return executionIds(claimed)
    })
    .toEqual(["exe_1", "exe_2"])
  await heir.ack(claimed.map(({ id }) => id))
  expect(await streamLength(connection)).toBe(0)
})

test("records that do not parse are dropped, counted and logged", async () => {
  const log = keepingLog()
  const connection = testConnection({ log })
  const { commands, prefix } = connection
  for (const text of ["{", "{}"])
    await commands.run((client) => client.xadd(`${prefix}:records`, "*", "record", text))
  await appendRecords(connection, PLENTY, [record("exe_1")])
  const reader = testReader(connection)
  expect(executionIds(await reader.read({ count: 10, blockMs: 100 }))).toEqual(["exe_1"])
  expect(reader.malformed).toBe(2)
  expect(log.messages).toEqual(["execution record does not parse", "execution record does not parse"])
  expect(await streamLength(connection)).toBe(1)
})

test("the stream is trimmed to about its length", async () => {
  const connection = testConnection()
  const many = Array.from({ length: 500 }, (_, n) => record(`exe_${n}`))
  await appendRecords(connection, { maxStreamLength: 100 }, many)
  expect(await streamLength(connection)).toBeLessThan(300)
})

test("appending nothing does nothing", async () => {
  const connection = testConnection()
  await appendRecords(connection, PLENTY, [])
  expect(await streamLength(connection)).toBe(0)
})

test("closing ends a pending read at once", async () => {
  const reader = testReader(testConnection())
  await reader.read({ count: 1, blockMs: 1 })
  const startedAt = Date.now()
  const reading = reader.read({ count: 1, blockMs: 10_000 })
  await reader.close()
  expect(await reading).toEqual([])
  expect(Date.now() - startedAt).toBeLessThan(1_000)
})

test("a reader goes on after a restart of Redis, and after Redis lost everything", async () => {
  const redis = await testRedis()
  const connection = testConnection({ url: redis.url })
  const reader = testReader(connection)
  await appendRecords(connection, PLENTY, [record("exe_1")])
  await redis.stop()
  await expect(reader.read({ count: 10, blockMs: 10 })).rejects.toMatchObject({ code: "redis_unavailable" })
  await redis.start()
  await connection.ping(5_000)
  expect(executionIds(await reader.read({ count: 10, blockMs: 100 }))).toEqual(["exe_1"])
  const reading = reader.read({ count: 10, blockMs: 5_000 })
  await connection.commands.run((client) => client.flushall())
  await appendRecords(connection, PLENTY, [record("exe_2")])
  expect(executionIds(await reading)).toEqual(["exe_2"])
})
