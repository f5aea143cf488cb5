import { type ExecutionRecord, executionHead } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { getExecution, openStorage, recordExecutions } from "@hooklane/storage"
import { ulid } from "ulid"
import { expect, onTestFinished, test, vi } from "vitest"
import { createGatewayRecords, type GatewayRecordsDeps } from "../src/gateway-records.ts"

const away = () => Promise.reject(new Error("Redis is away"))

/** Records over a Redis that takes none, unless the test says otherwise. */
async function start(changes: Partial<GatewayRecordsDeps> = {}) {
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: createKeyRing(generateMasterKey()) })
  onTestFinished(() => storage.close())
  const lost: unknown[] = []
  const observed: ExecutionRecord[] = []
  const records = createGatewayRecords({
    append: away,
    store: (batch) => recordExecutions(storage, batch),
    observe: (record) => void observed.push(record),
    log: { warn: () => {}, error: (fields: unknown) => void lost.push(fields) },
    ...changes,
  })
  return { storage, records, observed, lost }
}

function answered(): ExecutionRecord {
  const head = executionHead({
    executionId: `exe_${ulid()}`,
    triggerId: "credentials-exchange",
    hookId: "hook_1",
    hookName: "my-hook",
    versionId: "ver_1",
    acceptedAt: Date.now(),
    sealedEvent: "",
  })
  const error = { name: "HooklaneError", message: "Redis is away" }
  const failure = "redis_unavailable" as const
  return { head, at: Date.now(), status: "failed", failure, error, answeredBy: "open" }
}

test("what Redis does not take is in the history nevertheless, and counted", async () => {
  const { storage, records, observed } = await start()
  const all = Array.from({ length: 450 }, answered)
  for (const one of all) records.record(one)
  await records.close()
  for (const { head } of all)
    expect(await getExecution(storage, head.executionId)).toMatchObject({
      status: "failed",
      failure: "redis_unavailable",
      answeredBy: "open",
    })
  expect(observed).toHaveLength(450)
})

test("what Redis takes goes that way alone", async () => {
  const append = vi.fn(async () => {})
  const store = vi.fn(async () => {})
  const { records } = await start({ append, store })
  records.record(answered())
  await records.close()
  expect(append).toHaveBeenCalledOnce()
  expect(store).not.toHaveBeenCalled()
})

test("while the database is away as well, records wait for it", async () => {
  const stored: ExecutionRecord[] = []
  const store = vi
    .fn(async (batch: ExecutionRecord[]) => void stored.push(...batch))
    .mockRejectedValueOnce(new Error("The database is away"))
  const { records, lost } = await start({ store })
  const one = answered()
  records.record(one)
  await vi.waitFor(() => expect(stored).toEqual([one]), { timeout: 5_000 })
  expect([store.mock.calls.length, lost]).toEqual([2, []])
})

test("so many wait and no more; what is dropped is in the log", async () => {
  const { promise: never } = Promise.withResolvers<void>()
  const { records, lost } = await start({ store: () => never })
  const last = answered()
  for (let count = 0; count < 10_000; count += 1) records.record(answered())
  records.record(last)
  await vi.waitFor(() => expect(lost).toHaveLength(1))
  expect(lost).toMatchObject([{ executionId: last.head.executionId }])
})

test("a gateway that stops does not wait for a database that is away", async () => {
  const { records, lost } = await start({ store: () => Promise.reject(new Error("away")) })
  records.record(answered())
  records.record(answered())
  await records.close()
  expect(lost).toHaveLength(2)
})
