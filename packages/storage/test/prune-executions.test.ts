import { expect, test } from "vitest"
import { listExecutions, pruneExecutions, recordExecutions, type Storage } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"
import { attemptOf, executionRecord } from "./execution-record.ts"

const KEEP_ALL = 1_000_000
const THE_BEGINNING = new Date(0)

onEachDatabase((newStorage) => {
  async function storageWith(count: number): Promise<Storage> {
    const storage = await newStorage()
    const records = Array.from({ length: count }, (_, n) =>
      executionRecord({
        head: { executionId: `exe_${String(n).padStart(5, "0")}`, acceptedAt: 1_000 + n },
        attempt: attemptOf({}),
      }),
    )
    await recordExecutions(storage, records)
    return storage
  }

  async function remaining(storage: Storage) {
    const { executions } = await listExecutions(storage, { limit: 10_000 })
    const times = executions.map((execution) => execution.acceptedAt.getTime())
    return {
      newest: times.at(0),
      oldest: times.at(-1),
      executions: times.length,
      attempts: await storage.db.$count(storage.tables.attempts),
    }
  }

  test("what was accepted before a moment goes, with its attempts", async () => {
    const storage = await storageWith(10)
    expect(await pruneExecutions(storage, { olderThan: new Date(1_004), keep: KEEP_ALL })).toBe(4)
    expect(await remaining(storage)).toEqual({ newest: 1_009, oldest: 1_004, executions: 6, attempts: 6 })
  })

  test("of what remains the newest are kept", async () => {
    const storage = await storageWith(10)
    expect(await pruneExecutions(storage, { olderThan: new Date(1_002), keep: 3 })).toBe(7)
    expect(await remaining(storage)).toEqual({ newest: 1_009, oldest: 1_007, executions: 3, attempts: 3 })
  })

  test("a history within its bounds stays as it is", async () => {
    const storage = await storageWith(10)
    expect(await pruneExecutions(storage, { olderThan: THE_BEGINNING, keep: 10 })).toBe(0)
    expect(await pruneExecutions(storage, { olderThan: THE_BEGINNING, keep: KEEP_ALL })).toBe(0)
    expect(await remaining(storage)).toMatchObject({ executions: 10 })
  })

  test("other work gets its turn while much is deleted", async () => {
    const storage = await storageWith(3_000)
    let turns = 0
    const other = setInterval(() => {
      turns++
    }, 0)
    expect(await pruneExecutions(storage, { olderThan: THE_BEGINNING, keep: 1 })).toBe(2_999)
    clearInterval(other)
    expect(turns).toBeGreaterThan(2)
    expect(await remaining(storage)).toMatchObject({ oldest: 3_999, executions: 1 })
  })
})
