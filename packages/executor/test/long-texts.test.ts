import type { Kill } from "@hooklane/core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { redactReport } from "../src/redact-report.ts"
import { noAbort, start, taskOf } from "./harness.ts"

/** Two texts of 16,384 characters, 64 kB of properties, and a log of 64 kB; JSON doubles what must be escaped. */
const MAX_REPORT_BYTES = 200_000

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

const LONG: Record<string, string> = {
  "a message": "cb(new Error(TEXT))",
  "a name": "const e = new Error('x'); e.name = TEXT; cb(e)",
  "a stack": "const e = new Error('x'); e.stack = TEXT; cb(e)",
  "a property": "cb(Object.assign(new Error('x'), { data: TEXT }))",
  "a key of a property": "cb(Object.assign(new Error('x'), { [TEXT]: 1 }))",
  "many properties": "const e = new Error('x'); for (let n = 0; n < 1e5; n++) e['property' + n] = n; cb(e)",
  "a cause": "cb(new Error('x', { cause: TEXT }))",
  "many errors in one": "cb(new AggregateError(Array(1000).fill('y'.repeat(10000)), 'x'))",
  "a string that is thrown": "throw TEXT",
  "an object that is thrown": "throw { toString: () => TEXT }",
  "an error in a timer": "setTimeout(() => { throw new Error(TEXT) })",
  "a promise that nobody caught": "Promise.reject(TEXT)",
  "an error while the error is read":
    "cb(Object.defineProperty(new Error('x'), 'y', { enumerable: true, get() { throw new Error(TEXT) } }))",
  "an exit": "process.exit(TEXT)",
  "what is printed":
    "console.log(TEXT); console.log({ TEXT }, [TEXT]); console.log({ [TEXT]: 1 }); cb(new Error('x'))",
  "a host": "require('net').connect(80, TEXT).on('error', cb)",
  "a name that is looked up": "require('dns').lookup(TEXT, cb)",
  "a module that is not there": "require(TEXT)",
}

describe("a text of ten million characters is told within its bound:", () => {
  const hooks = Object.entries(LONG).map(
    ([name, body]) => `${JSON.stringify(name)}: (cb) => { const TEXT = "x".repeat(1e7); ${body} }`,
  )
  const script = `const hooks = { ${hooks.join(",\n")} }
    module.exports = (user, context, cb) => hooks[user.chosen](cb)`

  test.each(Object.keys(LONG))("%s", async (chosen) => {
    const event = { user: { chosen }, context: { connection: {} } }
    const task = taskOf(script, { versionId: "long", event, secrets: { S: `${"x".repeat(100)}y` } })
    const report = await executors.run(task, noAbort)
    expect(report.outcome.status).toMatch(/rejected|threw|crashed/)
    expect(JSON.stringify(report).length).toBeLessThan(MAX_REPORT_BYTES)
  })

  test("an error of a module", async () => {
    const task = taskOf("throw Object.assign(new Error('x'.repeat(1e7)), { name: 'y'.repeat(1e7) })")
    const { outcome } = await executors.run(task, noAbort)
    expect(outcome.status).toBe("not_compiled")
    expect(JSON.stringify(outcome).length).toBeLessThan(MAX_REPORT_BYTES)
  })
})

test("the worker keeps the bounds by itself, whatever an executor sends", () => {
  const text = "x".repeat(1_000_000)
  const line = { at: 0, level: "info", message: text } as const
  const call = {
    at: 0,
    host: text,
    port: 1,
    durationMs: 0,
    bytesIn: 0,
    bytesOut: 0,
    allowed: true,
    problem: text,
  }
  const facts = { logs: [line], logsTruncated: false, runMs: 1, calls: [call] }
  const kill: Kill = { reason: "crash", stack: text, lastOutput: [line] }
  const error = { name: text, message: text, stack: text, properties: { [text]: text } }
  for (const outcome of [{ status: "threw", error } as const, { status: "crashed", reason: text } as const]) {
    const told = redactReport({ ...facts, kill, outcome }, (one) => one)
    expect(JSON.stringify(told).length).toBeLessThan(MAX_REPORT_BYTES)
    expect(told.outcome.status).toBe(outcome.status)
  }
})
