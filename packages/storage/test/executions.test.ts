import { expect, test } from "vitest"
import { type ExecutionFilter, getExecution, listExecutions, recordExecutions } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"
import { attemptOf, executionRecord } from "./execution-record.ts"

onEachDatabase((newStorage) => {
  test("the list is read page by page, the newest first, each execution once", async () => {
    const storage = await newStorage()
    // Three were accepted in each millisecond, so that pages end between executions of the same moment.
    const records = Array.from({ length: 20 }, (_, n) =>
      executionRecord({
        head: { executionId: `exe_${String(n).padStart(2, "0")}`, acceptedAt: 1_000 + Math.floor(n / 3) },
      }),
    )
    await recordExecutions(storage, records)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listExecutions(storage, { cursor, limit: 5 })
      seen.push(...page.executions.map((execution) => execution.executionId))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(records.map((record) => record.head.executionId).reverse())
  })

  test("executions that arrive while the list is read do not move its later pages", async () => {
    const storage = await newStorage()
    const record = (id: string, acceptedAt: number) =>
      executionRecord({ head: { executionId: id, acceptedAt } })
    await recordExecutions(storage, [record("exe_1", 1), record("exe_2", 2), record("exe_3", 3)])
    const first = await listExecutions(storage, { limit: 2 })
    await recordExecutions(storage, [record("exe_4", 4)])
    const second = await listExecutions(storage, { limit: 2, cursor: first.nextCursor })
    expect(second).toMatchObject({ executions: [{ executionId: "exe_1" }] })
    expect(second.nextCursor).toBeUndefined()
  })

  test("filters hold each by itself and together", async () => {
    const storage = await newStorage()
    await recordExecutions(storage, [
      executionRecord({ head: { executionId: "a", acceptedAt: 1, hookId: "h1" }, status: "queued" }),
      executionRecord({ head: { executionId: "b", acceptedAt: 2, hookId: "h1" }, status: "dead_letter" }),
      executionRecord({
        head: { executionId: "c", acceptedAt: 3, hookId: "h2", triggerId: "send-phone-message" },
        status: "dead_letter",
      }),
      executionRecord({
        head: { executionId: "d", acceptedAt: 4, hookId: "h2", triggerId: "send-phone-message" },
      }),
    ])
    const ids = async (filter: Partial<ExecutionFilter>) => {
      const { executions } = await listExecutions(storage, { ...filter, limit: 10 })
      return executions.map((execution) => execution.executionId).join("")
    }
    expect(await ids({})).toBe("dcba")
    expect(await ids({ hookId: "h1" })).toBe("ba")
    expect(await ids({ triggerId: "send-phone-message" })).toBe("dc")
    expect(await ids({ status: "dead_letter" })).toBe("cb")
    expect(await ids({ status: "dead_letter", triggerId: "send-phone-message" })).toBe("c")
    expect(await ids({ status: "queued", hookId: "h2" })).toBe("")
    expect(await ids({ from: new Date(2) })).toBe("dcb")
    expect(await ids({ to: new Date(3) })).toBe("ba")
    expect(await ids({ from: new Date(2), to: new Date(4), hookId: "h2" })).toBe("c")
  })

  test("the list says how many attempts were made and how long user code ran in all", async () => {
    const storage = await newStorage()
    const failedOnce = executionRecord({
      head: { executionId: "exe_1", acceptedAt: 2 },
      at: 10,
      status: "retrying",
      attempt: attemptOf({ attempt: 1, runMs: 1.5 }),
    })
    await recordExecutions(storage, [
      failedOnce,
      { ...failedOnce, at: 20, status: "succeeded", attempt: attemptOf({ attempt: 2, runMs: 2.25 }) },
      executionRecord({ head: { executionId: "exe_2", acceptedAt: 1 }, status: "queued" }),
    ])
    const { executions } = await listExecutions(storage, { limit: 10 })
    expect(executions).toMatchObject([
      { executionId: "exe_1", status: "succeeded", attemptsMade: 2, runMs: 3.75 },
      { executionId: "exe_2", status: "queued", attemptsMade: 0, runMs: 0 },
    ])
    expect(executions[0]).not.toHaveProperty("error")
  })

  test("a cursor that is not ours is refused", async () => {
    const storage = await newStorage()
    for (const cursor of ["", "nonsense", Buffer.from("12345").toString("base64url")])
      await expect(listExecutions(storage, { cursor, limit: 5 })).rejects.toMatchObject({
        code: "invalid_query_string",
      })
  })

  test("an execution that does not exist is reported as such", async () => {
    const storage = await newStorage()
    await expect(getExecution(storage, "exe_1")).rejects.toMatchObject({ code: "execution_not_found" })
  })
})
