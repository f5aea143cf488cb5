import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, pidsOf, runBody, start, taskOf } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

describe("the report of a run that was stopped", () => {
  test("for its time shows the lines that an endless loop was in, its heap and its last output", async () => {
    const script = `module.exports = function hook(user, context, cb) {
      for (let n = 0; n < 8; n++) console.log("step " + n)
      work()
    }
    function work() {
      [1].forEach(function spin() {
        for (;;) Math.random()
      })
    }`
    const { outcome, kill } = await executors.run(taskOf(script, { timeoutMs: 300 }), noAbort)
    expect(outcome).toEqual({ status: "timed_out", afterMs: 300 })
    expect(kill).toMatchObject({ reason: "wall_time", heap: { limitMb: expect.any(Number) } })
    // The compiler may have put `spin` into `work`.
    expect(kill?.stack).toMatch(/^ {4}at (spin|work) \(\/hook\.js:[67]\)\n/)
    expect(kill?.stack).toMatch(/at .*hook.* \(\/hook\.js:1\)$/)
    expect(kill?.lastOutput.map(({ message }) => message)).toEqual([3, 4, 5, 6, 7].map((n) => `step ${n}`))
  })

  test("for its time says when a loop was in the hook's own function", async () => {
    const { kill } = await runBody(executors, "for (;;);", { timeoutMs: 300 })
    expect(kill?.stack).toBe("    at the hook's own function (/hook.js)")
  })

  test("for its time has no stack when it only waited", async () => {
    const { kill } = await runBody(executors, "", { timeoutMs: 300 })
    expect(kill).toMatchObject({ reason: "wall_time", lastOutput: [] })
    expect(kill?.stack).toBeUndefined()
  })

  test("for its heap says so", async () => {
    const body = "const a = []; for (;;) a.push({ n: [1, 2, 3] })"
    const { outcome, kill } = await runBody(executors, body, { heapMb: 32 })
    expect(outcome).toEqual({ status: "out_of_memory", limitMb: 32 })
    expect(kill).toMatchObject({ reason: "heap" })
  })

  test.each([
    ["buffers", "const a = []; for (;;) { a.push(Buffer.alloc(1e6, 1)); await 0 }"],
    ["a burst of buffers", "const a = []; for (;;) a.push(Buffer.alloc(1e6, 1))"],
    [
      "inflated data",
      "const z = require('zlib').gzipSync(Buffer.alloc(5e7)); const a = []; for (;;) a.push(require('zlib').gunzipSync(z))",
    ],
  ])("for the memory of its process, with %s, shows how much it was", async (_, body) => {
    const script = `module.exports = async () => {
      console.log("begin", "s3cret-value")
      await new Promise((done) => setTimeout(done, 60))
      ${body}
    }`
    const secrets = { KEY: "s3cret-value" }
    const { outcome, kill } = await executors.run(taskOf(script, { secrets }), noAbort)
    expect(outcome).toEqual({ status: "out_of_memory", limitMb: 256 })
    expect(kill).toMatchObject({ reason: "memory", lastOutput: [{ message: "begin [secret]" }] })
    expect(kill?.rssMb).toBeLessThan(1_000)
  })
})

test("what a run leaves working in native code costs the process", async () => {
  const script = `const { pbkdf2 } = require("crypto")
    module.exports = (user, context, cb) => {
      for (let n = 0; n < 4; n++) pbkdf2("a", "b", 1e8, 64, "sha512", () => {})
      cb(null, "left")
    }`
  const task = taskOf(script, { versionId: "burner" })
  expect((await executors.run(task, noAbort)).outcome).toEqual({ status: "returned", value: "left" })
  const pid = executors.stats().executors.find(({ hookVersions }) => hookVersions.includes("burner"))?.pid
  await expect.poll(() => pidsOf(executors), { timeout: 15_000 }).not.toContain(pid)
})
