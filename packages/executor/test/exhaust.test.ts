import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, pidsOf, runBody, start, taskOf } from "./harness.ts"
import { EXHAUST } from "./hostile/exhaust.ts"
import { LINGER } from "./hostile/linger.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

describe("a hostile hook that wants everything is stopped, and others do not notice:", () => {
  test.each(EXHAUST)("%s", async (_, body, ends) => {
    const before = performance.now()
    const report = await runBody(executors, body, { timeoutMs: 500 })
    expect(ends).toContain(report.outcome.status)
    // The time limit, the second that a thread in native code has to end, and a busy machine.
    expect(performance.now() - before).toBeLessThan(8_000)
    expect(JSON.stringify(report).length).toBeLessThan(1_000_000)
    expect(pidsOf(executors).length).toBeLessThanOrEqual(5)
    const benign = await runBody(executors, "cb(null, { exact: 1 })", { versionId: "benign" })
    expect(benign.outcome).toEqual({ status: "returned", value: { exact: 1 } })
  })
})

describe("what a hostile run leaves behind is not there for the next one:", () => {
  test.each(LINGER)("%s", async (name, leave) => {
    const script = `module.exports = (user, context, cb) => {
      if (user.leave) { cb(null, "left"); ${leave} }
      else setTimeout(() => cb(null, [typeof polluted, typeof console, [1].map((n) => n + 1), JSON.parse(JSON.stringify({ a: Buffer.from("b").toString() }))]), 30)
    }`
    const run = (user: object) =>
      executors.run(
        taskOf(script, { versionId: name, event: { user, context: { connection: {} } } }),
        noAbort,
      )
    expect((await run({ leave: true })).outcome).toEqual({ status: "returned", value: "left" })
    for (const _ of [1, 2]) {
      const value = ["undefined", "object", [2], { a: "b" }]
      expect(await run({})).toMatchObject({ outcome: { status: "returned", value }, logs: [] })
    }
  })
})
