import { afterAll, beforeAll, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { runBody, start } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

const FILES = "Error.prepareStackTrace = (error, sites) => sites.map((site) => site.getFileName());"

/** Each ends with what a hook could learn of files that are not its own. */
const SEEN: Record<string, string> = {
  "an error's stack": "return new Error().stack",
  "the stack of an error of this runtime":
    "try { require('fs').readFileSync('/') } catch (e) { return e.stack }",
  "a stack that the hook formats itself": `${FILES} return new Error().stack`,
  "one with a formatter that was taken away again":
    "Error.prepareStackTrace = undefined; delete Error.prepareStackTrace; return new Error().stack",
  "one with another Error in its place":
    "globalThis.Error = { prepareStackTrace: (error, sites) => sites.map((site) => site.getFileName()) }; try { null.x } catch (e) { return e.stack }",
  "a captured stack": `${FILES} const o = {}; Error.captureStackTrace(o); return o.stack`,
  "the call sites that Node tells": "return require('util').getCallSites(100).map((site) => site.scriptName)",
  "what its own methods are called with": `const seen = []
    for (const [prototype, name] of [[String.prototype, 'startsWith'], [Array.prototype, 'filter'], [Array.prototype, 'some']]) {
      const method = prototype[name]
      prototype[name] = function (...args) { seen[seen.length] = [this, args]; return method.apply(this, args) }
    }
    new Error().stack; require('util').getCallSites(100); return [seen, new Error().stack]`,
  "what is printed": "console.log(new Error('x')); return new Error().stack",
}

test.each(Object.entries(SEEN))("of the runtime's own files nothing is seen in %s", async (_, body) => {
  const read = `Error.stackTraceLimit = 100; const seen = (() => { ${body} })()`
  const report = await runBody(
    executors,
    `${read}; cb(null, { seen: require('util').inspect(seen, { depth: 9 }) })`,
  )
  expect(report.outcome).toMatchObject({
    status: "returned",
    value: { seen: expect.stringContaining("/hook.js") },
  })
  expect(JSON.stringify(report)).not.toMatch(/hooklane-executor|piscina|file:|prelude|hook-runner/)
})

test("packages set their own formatter and put back what was there", async () => {
  const body = `const files = () => {
      const before = Error.prepareStackTrace
      Error.prepareStackTrace = (error, sites) => sites
      const [site] = new Error().stack
      Error.prepareStackTrace = before
      return site.getFileName()
    }
    for (let i = 0; i < 20000; i++) files()
    cb(null, { file: files(), line: new Error('x').stack.split('\\n')[0] })`
  const { outcome } = await runBody(executors, body)
  expect(outcome).toEqual({ status: "returned", value: { file: "/hook.js", line: "Error: x" } })
})

test("a formatter that a run leaves behind is gone before the next one", async () => {
  const body = "const { stack } = new Error('x'); Error.prepareStackTrace = () => 'evil'; cb(null, { stack })"
  for (const _run of [1, 2, 3]) {
    const { outcome } = await runBody(executors, body, { versionId: "formatter" })
    expect(outcome).toMatchObject({ value: { stack: expect.stringContaining("at module.exports") } })
  }
})
