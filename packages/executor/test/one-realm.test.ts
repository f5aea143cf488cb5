import { createServer } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"

const server = createServer((_, response) => response.end('[{"id":"rol_1"}]'))
let address = ""
let executors: Executors

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const bound = server.address()
  const port = typeof bound === "object" && bound ? bound.port : 0
  address = `http://127.0.0.1:${port}/`
  const exceptions = [{ host: "127.0.0.1", port }]
  executors = await start({ egress: { mode: "public", allow: [], exceptions } })
})

afterAll(async () => {
  await executors.close()
  server.closeAllConnections()
  server.close()
})

async function evaluate(expression: string): Promise<unknown> {
  const body = `(async () => ${expression.replaceAll("ADDRESS", JSON.stringify(address))})()
    .then((value) => cb(null, value), (error) => cb(new Error(error.message)))`
  const { outcome } = await runBody(executors, body)
  return outcome.status === "returned" ? outcome.value : outcome
}

describe("what Node's own code makes is of the classes that a hook knows:", () => {
  test.each([
    ["JSON of a response", "(await (await fetch(ADDRESS)).json()) instanceof Array"],
    ["objects in it", "(await (await fetch(ADDRESS)).json())[0].constructor === Object"],
    [
      "deep equality",
      `require("util").isDeepStrictEqual(await (await fetch(ADDRESS)).json(), [{ id: "rol_1" }])`,
    ],
    ["a promise", "fetch(ADDRESS) instanceof Promise"],
    ["a function", `require("util").promisify(setTimeout) instanceof Function`],
    ["an array of a module", `require("crypto").getHashes() instanceof Array`],
    [
      "an error",
      `(() => { try { require("url").pathToFileURL(1) } catch (error) { return error.constructor === TypeError } })()`,
    ],
    ["a clone", "structuredClone(new Map([[1, { a: 1 }]])) instanceof Map"],
    ["the event", "user.constructor === Object && user instanceof Object"],
    ["bytes", "Buffer.from('a').buffer instanceof ArrayBuffer"],
  ])("%s", async (_, expression) => {
    expect(await evaluate(expression)).toBe(true)
  })
})

describe("code from text", () => {
  test.each([
    ["eval", "eval('1 + 1')", 2],
    ["eval of what is no text", "eval(3)", 3],
    ["eval of a name of the module", `eval("require")("path").sep`, "/"],
    ["eval of statements", "eval('var made = 1; made + 1')", 2],
    ["Function", "new Function('a', 'b', 'return a + b')(1, 2)", 3],
    ["Function with a rest of parameters", "Function('a, ...b', 'return b.length')(1, 2, 3)", 2],
    ["Function for the global object", "Function('return this')() === globalThis", true],
    ["what it makes", "new Function('') instanceof Function", true],
    ["no process that is not the hook's", "Function('return process')() === process", true],
  ])("%s", async (_, expression, value) => {
    expect(await evaluate(expression)).toEqual(value)
  })

  test("import() says what to do instead", async () => {
    const message = `import("axios") is not available to hooks: use require("axios")`
    expect(await evaluate(`import("axios")`)).toMatchObject({ status: "rejected", error: { message } })
    expect(await evaluate(`eval("import('axios')")`)).toMatchObject({
      status: "rejected",
      error: { message },
    })
  })
})

describe("a thread", () => {
  const twice = async (script: string) => {
    const task = taskOf(script)
    const outcomes: unknown[] = []
    for (const _ of [1, 2]) {
      const { outcome } = await executors.run(task, noAbort)
      outcomes.push(outcome.status === "returned" ? outcome.value : outcome)
    }
    return outcomes
  }

  test("stays warm after a run that threw", async () => {
    const script = `let runs = 0
      module.exports = (user, context, cb) => { runs += 1; if (runs === 1) throw new Error("once"); cb(null, { runs }) }`
    expect(await twice(script)).toMatchObject([{ status: "threw" }, { runs: 2 }])
  })

  test("is new after process.exit", async () => {
    const script = `globalThis.runs = (globalThis.runs ?? 0) + 1
      module.exports = (user, context, cb) => { if (user.leave) return; globalThis.runs > 1 ? cb(null, "old") : process.exit(1) }`
    expect(await twice(script)).toMatchObject([{ status: "crashed" }, { status: "crashed" }])
  })

  test("loads a hook again whose load failed, from the beginning", async () => {
    const script = `globalThis.loads = (globalThis.loads ?? 0) + 1; throw new Error("load " + globalThis.loads)`
    const refusal = { status: "not_compiled", error: { properties: { error_description: "load 1" } } }
    expect(await twice(script)).toMatchObject([refusal, refusal])
  })

  test("survives the polyfills of other times", async () => {
    const script = `
      Object.prototype.each = function () {}; Array.prototype.last = function () { return this[this.length - 1] }
      Function.prototype.method = function () {}; String.prototype.trimAll = function () {}
      globalThis.Promise = class extends Promise {}; globalThis.setTimeout = globalThis.Buffer = undefined
      let runs = 0
      module.exports = async (user) => { runs += 1; console.log({ a: [1] }); return { runs, last: [1, 2].last() } }`
    expect(await twice(script)).toEqual([
      { runs: 1, last: 2 },
      { runs: 2, last: 2 },
    ])
  })
})
