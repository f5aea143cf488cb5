import { expect, test } from "vitest"
import {
  createHook,
  findClient,
  getHook,
  getVersion,
  listExecutions,
  recordExecutions,
  updateHook,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"
import { executionRecord } from "./execution-record.ts"

const newHook = { name: "a-hook", script: "code", triggerId: "send-phone-message" } as const

/** What the two databases would see differently if nothing was done about it. */
onEachDatabase((newStorage) => {
  test.each(["\u0000", "\u0001", "\u00010", "\u0001\u00001\u0000"])(
    "a script may hold %j",
    async (script) => {
      const storage = await newStorage()
      const { id } = await createHook(storage, { ...newHook, script })
      expect(await getHook(storage, id)).toMatchObject({ script })
      await updateHook(storage, id, { script: `${script}!` })
      expect(await getHook(storage, id)).toMatchObject({ script: `${script}!` })
    },
  )

  test("an id that no text can be finds nothing", async () => {
    const storage = await newStorage()
    expect(await findClient(storage, "a\u0000b")).toBeUndefined()
    await expect(getHook(storage, "\u0000")).rejects.toMatchObject({ code: "HookDoesNotExist" })
  })

  test("a version whose number is beyond all numbers does not exist", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, newHook)
    await expect(getVersion(storage, id, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: "version_not_found",
    })
  })

  test("dependencies keep the order in which they were given", async () => {
    const storage = await newStorage()
    const dependencies = { zod: "4", "a-long-name": "1", ms: "2", "@scope/x": "3" }
    const { id } = await createHook(storage, { ...newHook, dependencies })
    expect(Object.keys((await getHook(storage, id)).dependencies)).toEqual(Object.keys(dependencies))
  })

  test("executions of one moment are in the order of their bytes, page by page", async () => {
    const storage = await newStorage()
    const ids = ["exe_a", "exe_B", "exe_b", "exe_A", "exe__", "exe-1", "exe_é"]
    await recordExecutions(
      storage,
      ids.map((executionId) => executionRecord({ head: { executionId, acceptedAt: 1_000 } })),
    )
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listExecutions(storage, { limit: 2, cursor })
      seen.push(...page.executions.map(({ executionId }) => executionId))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(ids.toSorted().reverse())
  })

  test("filters may lie before and after all years that are written with four digits", async () => {
    const storage = await newStorage()
    await recordExecutions(storage, [executionRecord({ head: { executionId: "exe_1" } })])
    const cursor = Buffer.from("999999999999999.exe_2").toString("base64url")
    for (const filter of [
      { from: new Date("0000-01-01T00:00:00Z") },
      { to: new Date("+010000-01-01T00:00:00Z") },
      { cursor },
    ])
      expect((await listExecutions(storage, { ...filter, limit: 10 })).executions).toHaveLength(1)
  })
})
