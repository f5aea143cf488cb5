import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, start, taskOf } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

async function outcomeOf(script: string) {
  const { outcome } = await executors.run(taskOf(script), noAbort)
  return outcome
}

describe("an ES module", () => {
  test.each([
    ["a function", "export default function (user, context, cb) { cb(null, 1) }"],
    ["an async function", "export default async function (user, context) { return 1 }"],
    ["an arrow function", "export default async () => 1"],
    ["a function in parentheses", "export default (async function () { return 1 })\n"],
    ["an expression in several lines", "export default\n  // the hook\n  async () => 1\n"],
    [
      "a function in front of a line with parentheses",
      "export default function (u, c, cb) { cb(null, 1) }\n(0)",
    ],
    ["a function by its name", "export default hook; function hook(u, c, cb) { cb(null, 1) }"],
    [
      "a named function that others call",
      "helper(); export default async function hook() { return 1 }\nfunction helper() { return hook() }",
    ],
    ["a name in a list", "const hook = async () => 1; export { hook as default, hook as other }"],
    ["a name in a list above it", "export { hook as default }\nconst hook = async () => 1"],
    [
      "something beside other names",
      "export const a = 1, b = 2\nexport function f() {}\nexport default async () => a",
    ],
  ])("may export %s", async (_, script) => {
    expect(await outcomeOf(script)).toEqual({ status: "returned", value: 1 })
  })

  test.each([
    ["a name", 'import { createHash } from "node:crypto"', "typeof createHash", "function"],
    [
      "another name for it",
      'import { createHash as hash, randomUUID } from "crypto"',
      "typeof hash",
      "function",
    ],
    ["a name in quotes", "import { 'sep' as s } from 'path'", "s", "/"],
    ["the default", 'import crypto from "node:crypto"', "typeof crypto.createHash", "function"],
    ["the default and a name", 'import p, { sep } from "path"', "p.sep === sep", true],
    ["everything", 'import * as path from "node:path"', "path.sep", "/"],
    ["everything and the default", 'import p, * as path from "path"', "p.sep === path.sep", true],
    [
      "names in several lines",
      'import {\n  sep, // the separator\n  delimiter,\n} from "path"',
      "sep + delimiter",
      "/:",
    ],
    ["nothing but the module", 'import "path"', "1", 1],
  ])("may import %s", async (_, statement, expression, value) => {
    const script = `${statement}\nexport default async () => ${expression}`
    expect(await outcomeOf(script)).toEqual({ status: "returned", value })
  })

  test("is strict", async () => {
    const outcome = await outcomeOf(
      "export default function (user, context, cb) { cb(null, this === undefined) }",
    )
    expect(outcome).toEqual({ status: "returned", value: true })
    expect(await outcomeOf("undeclared = 1; export default () => 1")).toMatchObject({
      status: "not_compiled",
      error: { properties: { error_description: "undeclared is not defined" } },
    })
  })

  test("keeps its lines and columns", async () => {
    const script = 'import {\n  sep,\n} from "path"\nexport const a = 1\nexport default () => {\n  null.x\n}'
    const outcome = await outcomeOf(script)
    expect("error" in outcome && outcome.error.stack).toMatch(/\/hook\.js:6:8\)$/)
  })

  test("may refuse with the trigger's error classes", async () => {
    const outcome = await outcomeOf(
      "export default async () => { throw new PreUserRegistrationError('a', 'b') }",
    )
    expect(outcome).toMatchObject({ status: "rejected", error: { name: "PreUserRegistrationError" } })
  })

  test.each([
    [
      "is missing a parenthesis",
      'import { sep } from "path"\nexport default async () => (\n',
      3,
      /Unexpected token/,
    ],
    ["waits at its top level", "export default () => 1\nawait 1", 2, /await is only valid/],
    [
      "imports a name twice",
      'import { sep } from "path"\nimport { sep } from "path"\n',
      2,
      /already been declared/,
    ],
  ])("that %s says so with its line", async (_, script, line, description) => {
    const outcome = await outcomeOf(script)
    expect(outcome).toMatchObject({
      status: "not_compiled",
      error: { name: "SyntaxError", properties: { error_description: expect.stringMatching(description) } },
    })
    expect("error" in outcome && outcome.error.stack).toMatch(new RegExp(`^/hook\\.js:${line}\n`))
  })

  test("that imports what is not there says so", async () => {
    const outcome = await outcomeOf('import pad from "left-pad"\nexport default pad')
    const description = expect.stringMatching(/^Cannot find module 'left-pad': Add "dependencies"/)
    expect(outcome).toMatchObject({ error: { properties: { error_description: description } } })
  })

  test("that exports no default is no hook", async () => {
    const description = "Supplied code must return or export a function."
    const outcome = await outcomeOf("export function hook() {}")
    expect(outcome).toMatchObject({ error: { properties: { error_description: description } } })
  })
})

describe("TypeScript", () => {
  const MARK = "// hooklane: typescript\n"

  test("is run without its types", async () => {
    const script = `${MARK}import type { Hook } from "./types"
interface User { email: string }
export default async function (user: User, context: { webtask: unknown }): Promise<object> {
  const email: string = user.email as string
  return { email } satisfies object
}`
    expect(await outcomeOf(script)).toEqual({ status: "returned", value: { email: "user1@example.com" } })
  })

  test("may be CommonJS, with a callback", async () => {
    const script = `${MARK}module.exports = function (user: any, context: any, cb: Function) { cb(null, 1 as number) }`
    expect(await outcomeOf(script)).toEqual({ status: "returned", value: 1 })
  })

  test("keeps its lines and columns", async () => {
    const outcome = await outcomeOf(
      `${MARK}type A = {\n  a: 1\n}\nexport default (): void => {\n  null!.x\n}`,
    )
    expect("error" in outcome && outcome.error.stack).toMatch(/\/hook\.js:6:9\)$/)
  })

  test.each([
    ["a syntax error", "const a = 1\nconst b: = 2", /^Unexpected token/],
    ["an enum", "const a = 1\nenum A { B }", /^TypeScript enum is not supported/],
  ])("with %s says so with its line", async (_, script, description) => {
    const outcome = await outcomeOf(MARK + script)
    expect(outcome).toMatchObject({
      status: "not_compiled",
      error: { name: "SyntaxError", properties: { error_description: expect.stringMatching(description) } },
    })
    expect("error" in outcome && outcome.error.stack).toMatch(/^\/hook\.js:3\n/)
  })

  test("without the directive is not JavaScript", async () => {
    const outcome = await outcomeOf("module.exports = (user: any) => {}")
    expect(outcome.status).toBe("not_compiled")
  })
})

test.each([
  ["a dynamic import", 'return async () => typeof import("fs")'],
  ["the words in a text", 'return async () => "import a from b; export default 1"'],
  ["a property of that name", "exports.default = { import: 1, export: 2 }; return async () => 1"],
])("CommonJS with %s is left as it is", async (_, script) => {
  expect((await outcomeOf(script)).status).toBe("returned")
})
