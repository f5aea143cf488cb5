import { afterAll, beforeAll, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, start, taskOf } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

const BUNDLE = `
var loads = 0, counted
module.exports = {
  "counter": () => counted ??= { loads: ++loads, file: __filename },
  "counter@1.0.0/deep": () => "deep",
  "events": () => "not the module of Node",
  "broken": () => { throw new TypeError("cannot load") },
  "nested": () => require("counter"),
  "hashes": () => require("crypto").createHash("sha256").update("x").digest("hex"),
  "realm": () => [Error === globalThis.Error, [] instanceof Array],
  "__proto__": () => "own",
}`

/** What `expression` is in a hook that has the bundle. */
async function evaluate(expression: string): Promise<unknown> {
  const script = `module.exports = (client, scope, audience, context, cb) => cb(null, ${expression})`
  const task = taskOf(script, { triggerId: "credentials-exchange" })
  const { outcome } = await executors.run({ ...task, bundle: BUNDLE }, noAbort)
  return outcome.status === "returned" ? outcome.value : outcome
}

test("a hook requires its packages by name, by version and below", async () => {
  expect(await evaluate('require("counter").file')).toBe("/packages.js")
  expect(await evaluate('require("counter@1.0.0/deep")')).toBe("deep")
})

test("require says where a package or a module of Node's is, and what is not there", async () => {
  const expression = `["counter", "node:fs", "none"].map((id) => { try { return require.resolve(id) } catch (e) { return e.code } })`
  expect(await evaluate(expression)).toEqual(["/node_modules/counter", "node:fs", "MODULE_NOT_FOUND"])
  expect(await evaluate('require("module").createRequire("/x.js")("os") === require("os")')).toBe(true)
})

test("a package is loaded once, and not before it is required", async () => {
  expect(await evaluate('[require("counter").loads, require("counter").loads]')).toEqual([1, 1])
})

test("a package gets Node's modules, and no other package by way of require", async () => {
  expect(await evaluate('require("hashes").length')).toBe(64)
  expect(await evaluate('require("nested")')).toMatchObject({
    error: { message: expect.stringMatching(/^Cannot find module 'counter'/) },
  })
})

test("a module of Node comes before a package of its name", async () => {
  expect(await evaluate('typeof require("events").EventEmitter')).toBe("function")
})

test("a package lives in the hook's own context", async () => {
  expect(await evaluate('require("realm")')).toEqual([true, true])
})

test("a package that cannot be loaded fails the run with its own error", async () => {
  expect(await evaluate('require("broken")')).toMatchObject({
    status: "threw",
    error: { name: "TypeError", message: "cannot load", stack: expect.stringContaining("/packages.js") },
  })
})

test.each([
  ["lodash", 'it was preinstalled at Auth0. Add "dependencies": {"lodash": "4"} to the hook'],
  ["left-pad", 'Add "dependencies": {"left-pad": "latest"} to the hook'],
  ["ms@2.1.3", 'Add "dependencies": {"ms": "2.1.3"} to the hook'],
  ["./node_modules/lodash", 'Add "dependencies": {"lodash": "4"} to the hook'],
  ["@a/b/c", '"dependencies": {"@a/b": "latest"} to the hook, and name it by this text'],
  ["bcrypt", 'Require "bcryptjs" instead, with "dependencies": {"bcryptjs": "2"} in the hook'],
  ["node:counter", "hooks have no such module of Node"],
  ["./counter", "a hook is one script, without files of its own"],
  ["toString", '"dependencies": {"toString": "latest"}'],
  ["constructor", '"dependencies": {"constructor": "latest"}'],
])("%s is not there, and what would bring it is said", async (specifier, advice) => {
  const outcome = await evaluate(`require("${specifier}")`)
  expect(outcome).toMatchObject({
    status: "threw",
    error: {
      message: expect.stringMatching(/^Cannot find module '/),
      properties: { code: "MODULE_NOT_FOUND" },
    },
  })
  expect(outcome).toHaveProperty("error.message", expect.stringContaining(`'${specifier}': `))
  expect(outcome).toHaveProperty("error.message", expect.stringContaining(advice))
})
