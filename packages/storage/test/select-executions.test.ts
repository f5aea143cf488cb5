import { expect, test } from "vitest"
import { listUnfinished, recordExecutions, selectExecutions } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"
import { executionRecord } from "./execution-record.ts"

onEachDatabase((newStorage) => {
  test("executions are picked by id and by what they are, in the order of the ids", async () => {
    const storage = await newStorage()
    const dead = { status: "dead_letter", failure: "threw" } as const
    await recordExecutions(storage, [
      executionRecord({ head: { executionId: "a", acceptedAt: 1_000, hookId: "h1" }, ...dead }),
      executionRecord({ head: { executionId: "b", acceptedAt: 2_000, hookId: "h2" }, ...dead }),
      executionRecord({ head: { executionId: "c", acceptedAt: 3_000 }, ...dead, failure: "timed_out" }),
      executionRecord({ head: { executionId: "d", acceptedAt: 4_000 } }),
    ])
    const ids = ["d", "unknown", "c", "b", "a"]
    const select = async (conditions: Parameters<typeof selectExecutions>[2]) =>
      (await selectExecutions(storage, ids, conditions)).join("")
    expect(await select({})).toBe("dcba")
    expect(await select({ status: "dead_letter" })).toBe("cba")
    expect(await select({ failure: "threw" })).toBe("ba")
    expect(await select({ hookId: "h1" })).toBe("a")
    expect(await select({ from: new Date(2_000), to: new Date(4_000) })).toBe("cb")
    expect(await selectExecutions(storage, [])).toEqual([])
  })

  test("any number of ids can be asked for", async () => {
    const storage = await newStorage()
    const ids = Array.from({ length: 1_201 }, (_, n) => `exe_${n}`)
    await recordExecutions(
      storage,
      ids.map((executionId) => executionRecord({ head: { executionId } })),
    )
    expect(await selectExecutions(storage, ids)).toEqual(ids)
  })

  test("unfinished executions are those of which nothing was heard for long", async () => {
    const storage = await newStorage()
    const quiet = (executionId: string, rest: Partial<Parameters<typeof executionRecord>[0]> = {}) =>
      executionRecord({ status: "queued", at: 1_000, ...rest, head: { executionId, acceptedAt: 1_000 } })
    await recordExecutions(storage, [
      quiet("queued"),
      quiet("running", { status: "running" }),
      quiet("retrying", { status: "retrying", nextAttemptAt: 1_500 }),
      quiet("heard of", { status: "running", at: 9_000 }),
      quiet("over", { status: "succeeded" }),
      quiet("dead", { status: "dead_letter" }),
    ])
    const unfinished = await listUnfinished(storage, { quietSince: new Date(5_000), limit: 10 })
    expect(unfinished.map((one) => one.executionId).sort()).toEqual(["queued", "retrying", "running"])
  })

  test("unfinished executions are walked through from the oldest on", async () => {
    const storage = await newStorage()
    const ids = ["a", "b", "c", "d", "e"]
    await recordExecutions(
      storage,
      ids.map((executionId, n) =>
        executionRecord({
          head: { executionId, acceptedAt: 1_000 + Math.floor(n / 2) },
          status: "queued",
          at: 1_000,
        }),
      ),
    )
    const seen: string[] = []
    let position: Awaited<ReturnType<typeof listUnfinished>>[number] | undefined
    do {
      const page = await listUnfinished(storage, { quietSince: new Date(5_000), position, limit: 2 })
      seen.push(...page.map((one) => one.executionId))
      position = page.at(-1)
    } while (position !== undefined)
    expect(seen).toEqual(ids)
  })
})
