import { randomUUID } from "node:crypto"
import type { ExecutionRecord } from "@hooklane/core"
import { appendRecords, openConnection, openRecordReader } from "@hooklane/queue"
import { pino } from "pino"
import { expect, inject, onTestFinished, test, vi } from "vitest"
import { startRecorder } from "../src/recorder.ts"

const log = pino({ level: "silent" })

function record(executionId: string): ExecutionRecord {
  const head = {
    executionId,
    triggerId: "post-user-registration",
    hookId: "h",
    hookName: "h",
    versionId: "v",
    acceptedAt: 1,
  } as const
  return { head, at: 1, status: "queued" }
}

async function start(store: (records: ExecutionRecord[]) => Promise<void>) {
  const connection = openConnection({ url: inject("redisUrl"), prefix: `test-${randomUUID()}` })
  const observed: string[] = []
  const reader = openRecordReader(connection, { group: "history", consumer: "g1" })
  const recorder = startRecorder({
    reader,
    store,
    observe: ({ head }) => void observed.push(head.executionId),
    log,
  })
  onTestFinished(async () => {
    await recorder.close()
    const keys = await connection.commands.client.keys(`${connection.prefix}:*`)
    if (keys.length > 0) await connection.commands.client.del(keys)
    await connection.close()
  })
  const append = (...ids: string[]) => appendRecords(connection, { maxStreamLength: 1_000 }, ids.map(record))
  return { append, observed, connection }
}

test("what happened is stored, told to the metrics once, and leaves the stream", async () => {
  const stored: string[] = []
  const { append, observed, connection } = await start(
    async (records) => void stored.push(...records.map((r) => r.head.executionId)),
  )
  await append("a", "b")
  await append("c")
  await vi.waitFor(() => expect(observed).toEqual(["a", "b", "c"]))
  expect(stored).toEqual(["a", "b", "c"])
  const [stream] = await connection.commands.client.keys(`${connection.prefix}:*`)
  await vi.waitFor(async () => expect(await connection.commands.client.xlen(stream ?? "")).toBe(0))
})

test("what could not be stored is not acknowledged, and the recorder goes on", async () => {
  const attempts: string[][] = []
  const { append, observed } = await start(async (records) => {
    attempts.push(records.map((r) => r.head.executionId))
    if (attempts.length === 1) throw new Error("disk full")
  })
  await append("a")
  await vi.waitFor(() => expect(attempts).toEqual([["a"]]))
  await append("b")
  await vi.waitFor(() => expect(observed).toEqual(["b"]), { timeout: 5_000 })
})
