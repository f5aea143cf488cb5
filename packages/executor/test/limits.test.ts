import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

describe("time", () => {
  test.each([
    ["loops for ever", "for (;;);"],
    ["never calls back", ""],
    ["floods microtasks", "const f = () => Promise.resolve().then(f); f()"],
    ["floods ticks", "const f = () => process.nextTick(f); f()"],
    ["loops while it is loaded", "", "for (;;);"],
  ])("a hook that %s is stopped", async (_, body, head = "") => {
    const script = `${head} module.exports = (user, context, cb) => { ${body} }`
    const before = performance.now()
    const { outcome, runMs } = await executors.run(taskOf(script, { timeoutMs: 200 }), noAbort)
    expect(outcome).toEqual({ status: "timed_out", afterMs: 200 })
    expect(runMs).toBeGreaterThanOrEqual(190)
    expect(performance.now() - before).toBeLessThan(3_000)
  })

  test("what was printed before an endless loop is kept", async () => {
    const { logs } = await runBody(executors, "console.log('before'); for (;;);", { timeoutMs: 200 })
    expect(logs).toMatchObject([{ level: "info", message: "before" }])
  })

  test("the version runs again after it was stopped", async () => {
    const script = "module.exports = (user, context, cb) => { if (user.loop) for (;;); cb(null, 'ok') }"
    const stopped = taskOf(script, { versionId: "again", timeoutMs: 100, event: eventOf({ loop: true }) })
    const fine = taskOf(script, { versionId: "again", event: eventOf({}) })
    expect((await executors.run(stopped, noAbort)).outcome.status).toBe("timed_out")
    expect((await executors.run(fine, noAbort)).outcome).toEqual({ status: "returned", value: "ok" })
  })

  test("native code that does not stop costs the process, and the version gets a new one", async () => {
    const script = `module.exports = (user, context, cb) => {
      if (user.loop) require("crypto").pbkdf2Sync("a", "b", 1e8, 64, "sha512")
      cb(null, "ok")
    }`
    const versionId = "native"
    const stopped = taskOf(script, { versionId, timeoutMs: 100, event: eventOf({ loop: true }) })
    expect((await executors.run(stopped, noAbort)).outcome).toEqual({ status: "timed_out", afterMs: 100 })
    const { pid } = executorOf(versionId) ?? {}
    await expect.poll(() => executorOf(versionId)?.pid, { timeout: 15_000 }).not.toBe(pid)
    const fine = taskOf(script, { versionId, event: eventOf({}) })
    expect((await executors.run(fine, noAbort)).outcome).toEqual({ status: "returned", value: "ok" })
  })
})

describe("memory", () => {
  test("a hook that fills its heap is stopped and says so", async () => {
    const body = "const a = []; for (;;) a.push({ n: [1, 2, 3] })"
    const { outcome } = await runBody(executors, body, { heapMb: 32 })
    expect(outcome).toEqual({ status: "out_of_memory", limitMb: 32 })
  })
})

describe("output", () => {
  test("a result that is too large is refused with its size", async () => {
    const { outcome } = await runBody(executors, "cb(null, 'é'.repeat(200000))")
    const message = "The result of the extension point has 400002 bytes as JSON; 262144 are allowed"
    expect(outcome).toEqual({ status: "invalid_result", error: { name: "Error", message } })
  })

  test("a result as large as allowed arrives", async () => {
    const { outcome } = await runBody(executors, "cb(null, '\\u0001'.repeat(43690))")
    expect(outcome).toEqual({ status: "returned", value: "\u0001".repeat(43_690) })
  })

  test("a result that is nested too deep for its reader is refused", async () => {
    const { outcome } = await runBody(
      executors,
      "let a = []; for (let n = 0; n < 2000; n++) a = [a]; cb(null, a)",
    )
    const message = "The result of the extension point is nested deeper than 500 levels"
    expect(outcome).toEqual({ status: "invalid_result", error: { name: "Error", message } })
  })

  test("a flood of console output is cut and marked", async () => {
    const { logs, logsTruncated } = await runBody(
      executors,
      "for (let n = 0; n < 1e5; n++) console.log('x'.repeat(100)); cb()",
    )
    expect(logsTruncated).toBe(true)
    expect(logs.length).toBe(655)
  })

  test("many short lines are cut and marked, too", async () => {
    const { logs, logsTruncated } = await runBody(
      executors,
      "for (let n = 0; n < 1e5; n++) console.log(n); cb()",
    )
    expect({ lines: logs.length, logsTruncated }).toEqual({ lines: 1_000, logsTruncated: true })
  })

  test("a long line is shortened", async () => {
    const { logs, logsTruncated } = await runBody(executors, "console.log('x'.repeat(1e5)); cb()")
    expect({ chars: logs[0]?.message.length, logsTruncated }).toEqual({ chars: 8_193, logsTruncated: false })
  })

  test("an error that carries too much keeps its texts", async () => {
    const body = "cb(Object.assign(new Error('m'.repeat(1e6)), { much: 'x'.repeat(1e6) }))"
    const { outcome } = await runBody(executors, body)
    expect(outcome).toMatchObject({
      status: "rejected",
      error: { name: "Error", message: `${"m".repeat(16_384)}…` },
    })
    expect("error" in outcome && outcome.error.properties).toBeUndefined()
  })

  test("timers have a bound", async () => {
    const { outcome } = await runBody(executors, "for (;;) setTimeout(() => {}, 1e6)")
    expect(outcome).toMatchObject({ status: "threw", error: { name: "RangeError" } })
  })
})

function eventOf(user: object): object {
  return { user, context: { connection: {} } }
}

function executorOf(versionId: string) {
  return executors.stats().executors.find(({ hookVersions }) => hookVersions.includes(versionId))
}
