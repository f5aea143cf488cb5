import { TRIGGER_IDS, TRIGGERS, type TriggerId } from "@hooklane/core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

async function outcomeOf(script: string, triggerId?: TriggerId) {
  const { outcome } = await executors.run(taskOf(script, triggerId && { triggerId }), noAbort)
  return outcome
}

async function outcomeOfBody(body: string, triggerId?: TriggerId) {
  const { outcome } = await runBody(executors, body, triggerId && { triggerId })
  return outcome
}

describe.each(TRIGGER_IDS)("a %s hook", (triggerId) => {
  const { parameters, template, emptyResult, contextArgument, errorClasses, sampleEvent } =
    TRIGGERS[triggerId]

  test("runs the template it starts from", async () => {
    expect((await outcomeOf(template, triggerId)).status).toBe("returned")
  })

  test("gets the event's properties as its arguments, and the callback last", async () => {
    const outcome = await outcomeOf(
      `module.exports = function () {
        const args = Array.from(arguments)
        const cb = args.pop()
        delete args[args.length - 1].webtask
        cb(null, args)
      }`,
      triggerId,
    )
    const event: Record<string, unknown> = sampleEvent
    expect(outcome).toEqual({ status: "returned", value: parameters.map((name) => event[name]) })
  })

  test("may call back without a value", async () => {
    const nothing =
      emptyResult === "empty_object" ? { status: "returned", value: {} } : { status: "returned" }
    expect(await outcomeOfBody("cb()", triggerId)).toEqual(nothing)
  })

  test("may call back with its context only where that is a copy", async () => {
    const outcome = await outcomeOfBody("cb(null, context)", triggerId)
    if (contextArgument === "copy") {
      expect(outcome).toMatchObject({ status: "returned", value: sampleEvent.context })
    } else {
      const message = "Error when JSON serializing the result of the extension point"
      expect(outcome).toMatchObject({ status: "invalid_result", error: { name: "Error", message } })
    }
  })

  test.each(errorClasses)("may refuse with $name", async ({ name, hasFriendlyMessage }) => {
    const outcome = await outcomeOfBody(`cb(new ${name}("for the log"))`, triggerId)
    expect(outcome).toMatchObject({ status: "rejected", error: { name, message: "for the log" } })
    const friendlyMessage = hasFriendlyMessage ? "for the log" : undefined
    expect("error" in outcome && outcome.error.properties?.friendlyMessage).toBe(friendlyMessage)
  })
})

describe("the callback", () => {
  test.each([
    ["false as a result is an empty object to a user trigger", "cb(null, false)", { value: {} }],
    ["a falsy error is success", "cb(0, { a: 1 })", { value: { a: 1 } }],
    ["only the first value counts", "cb(null, 1, 2)", { value: 1 }],
    ["the first call wins", "cb(null, 1); cb(new Error('late'))", { value: 1 }],
    ["a throw after it is ignored", "cb(null, 1); throw new Error('late')", { value: 1 }],
    ["it may come later", "setTimeout(cb, 5, null, 'later')", { value: "later" }],
  ])("%s", async (_, body, expected) => {
    expect(await outcomeOfBody(body)).toEqual({ status: "returned", ...expected })
  })

  test.each([
    ["a text becomes the message", "cb('boom')", { message: "boom" }],
    ["an object loses its own fields", "cb({ code: 1 })", { message: "[object Object]" }],
    ["an object keeps its message", "cb({ message: 'm', code: 1 })", { message: "m" }],
    [
      "a text in an object with an empty message",
      "cb({ message: '', toString: () => '' })",
      { message: "Unknown error" },
    ],
  ])("with an error that is none: %s", async (_, body, error) => {
    const outcome = await outcomeOfBody(body)
    expect(outcome).toMatchObject({ status: "rejected", error: { name: "Error", ...error } })
    expect("error" in outcome && outcome.error.properties).toBeUndefined()
  })

  test("carries every own property of an error, name, message and stack apart", async () => {
    const outcome = await outcomeOfBody(`
      const error = new RangeError("m", { cause: "why" })
      Object.defineProperty(error, "hidden", { value: { deep: [1] }, enumerable: false })
      error.statusCode = 400
      error["__proto__ "] = 1
      cb(error)`)
    expect(outcome).toMatchObject({
      status: "rejected",
      error: {
        name: "RangeError",
        message: "m",
        properties: { cause: "why", hidden: { deep: [1] }, statusCode: 400, "__proto__ ": 1 },
      },
    })
  })

  test.each([
    ["itself", "e.self = e; e.code = 'E1'", { code: "E1" }],
    ["itself, further down", "e.context = { user: { id: 1, last: e } }", { context: { user: { id: 1 } } }],
    ["its list", "e.list = [1, [2]]; e.list.push(e.list)", { list: [1, [2], null] }],
    ["a BigInt", "e.sizes = { big: 1n, small: 2 }", { sizes: { small: 2 } }],
    [
      "a getter that throws",
      "e.part = { get x() { throw 1 }, y: 2 }; Object.defineProperty(e, 'z', { get() { throw 2 } })",
      { part: { y: 2 } },
    ],
    ["a toJSON that throws", "e.part = { toJSON() { throw 1 } }; e.status = 409", { status: 409 }],
    [
      "the response of a request",
      "class Call { constructor() { this.call = this } }; e.response = { status: 404, request: new Call(), headers: new Map(), loop: e }",
      { response: { status: 404, headers: {} } },
    ],
    ["too much", "e.big = 'x'.repeat(70_000); e.small = 's'", { small: "s" }],
  ])("with an error that holds %s keeps name, message and the rest", async (_, holds, properties) => {
    const outcome = await outcomeOfBody(`const e = new PreUserRegistrationError('m', 'f'); ${holds}; cb(e)`)
    expect(outcome).toMatchObject({
      status: "rejected",
      error: { name: "PreUserRegistrationError", message: "m" },
    })
    expect("error" in outcome && outcome.error.properties).toEqual({ friendlyMessage: "f", ...properties })
  })

  test.each([
    ["a cycle", "const a = {}; a.a = a; cb(null, a)"],
    ["a BigInt", "cb(null, { n: 1n })"],
    ["a getter that throws", "cb(null, { get x() { throw new Error('x') } })"],
    ["a getter that calls back", "cb(null, { get x() { cb(null, 1); throw new Error('x') } })"],
  ])("with a result that is not JSON fails: %s", async (_, body) => {
    expect(await outcomeOfBody(body)).toMatchObject({
      status: "invalid_result",
      error: { message: "Error when JSON serializing the result of the extension point" },
    })
  })

  test("with a function as the result gives no value", async () => {
    expect(await outcomeOfBody("cb(null, () => {})")).toEqual({ status: "returned" })
  })
})

describe("a script", () => {
  test("may return its function from the top level", async () => {
    expect(await outcomeOf("return (user, context, cb) => cb(null, 1)")).toEqual({
      status: "returned",
      value: 1,
    })
  })

  test.each([
    ["is not JavaScript", "module.exports = (", /Unexpected/],
    [
      "is a bare anonymous function",
      "function (user, context, cb) { cb() }",
      /Function statements require a function name/,
    ],
    ["closes the function around it", "}); process.exit(1); (function () {", /Unexpected token '}'/],
    ["declares an error class again", "class PreUserRegistrationError {}", /already been declared/],
    [
      "exports no function",
      "exports.default = () => {}",
      /^Supplied code must return or export a function\.$/,
    ],
    ["throws while it is loaded", "null.x", /Cannot read properties of null/],
    ["requires what is not there", "require('left-pad')", /Cannot find module 'left-pad'/],
  ])("that %s is not compiled", async (_, script, description) => {
    expect(await outcomeOf(script)).toMatchObject({
      status: "not_compiled",
      error: {
        message: "Unable to compile the extensibility code as javascript",
        properties: { error_description: expect.stringMatching(description) },
      },
    })
  })

  test("sees its own lines in a syntax error", async () => {
    const outcome = await outcomeOf("const a = 1\nconst const = 2\n")
    expect("error" in outcome && outcome.error.stack).toMatch(/^\/hook\.js:2\nconst const = 2\n/)
  })

  test('is sloppy even when it begins with "use strict", as it was in the original', async () => {
    expect(
      await outcomeOf('"use strict"; undeclared = 1; return (u, c, cb) => cb(null, undeclared)'),
    ).toEqual({
      status: "returned",
      value: 1,
    })
  })

  test("is CommonJS with its own names", async () => {
    const outcome = await outcomeOf(
      "module.exports = (u, c, cb) => cb(null, [typeof require, typeof exports, __filename, __dirname])",
    )
    expect(outcome).toEqual({ status: "returned", value: ["function", "object", "/hook.js", "/"] })
  })
})

describe("an exception", () => {
  test("thrown at once keeps name, message and the user's own lines", async () => {
    const outcome = await outcomeOf("module.exports = (u, c, cb) => {\n  null.x\n}")
    expect(outcome).toMatchObject({
      status: "threw",
      error: { name: "TypeError", message: "Cannot read properties of null (reading 'x')" },
    })
    const stack = "error" in outcome ? outcome.error.stack : ""
    expect(stack).toMatch(/\(\/hook\.js:2:8\)$/)
    expect(stack).not.toMatch(/hooklane|piscina|file:/)
  })

  test.each([
    ["null", "throw null", "null"],
    ["undefined", "throw undefined", "undefined"],
    ["a text", "throw 'boom'", "boom"],
    ["a hostile object", "throw { get message() { throw 1 } }", "Unknown error"],
    [
      "an error with a hostile stack",
      "const e = new Error('m'); Object.defineProperty(e, 'stack', { get() { throw e } }); throw e",
      "m",
    ],
  ])("may be %s", async (_, body, message) => {
    expect(await outcomeOfBody(body)).toMatchObject({ status: "threw", error: { message } })
  })

  test.each([
    ["in a timer", "setTimeout(() => { throw new RangeError('later') })"],
    ["in a microtask", "queueMicrotask(() => { throw new RangeError('later') })"],
    ["in a promise nobody looks at", "Promise.reject(new RangeError('later'))"],
    [
      "in an event",
      "const e = new (require('events'))(); e.on('x', () => { throw new RangeError('later') }); setImmediate(() => e.emit('x'))",
    ],
  ])("%s ends the run at once", async (_, body) => {
    expect(await outcomeOfBody(body, "credentials-exchange")).toMatchObject({
      status: "threw",
      error: { name: "RangeError", message: "later" },
    })
  })

  test("of Node's own is an Error to the hook", async () => {
    const outcome = await outcomeOfBody(`
      try { require("url").pathToFileURL(1) } catch (error) {
        cb(null, [error instanceof Error, error instanceof TypeError, error instanceof RangeError])
      }`)
    expect(outcome).toEqual({ status: "returned", value: [true, true, false] })
  })
})

describe("an async function", () => {
  test("without a callback answers with what it returns", async () => {
    const outcome = await outcomeOf("module.exports = async (user, context) => ({ email: user.email })")
    expect(outcome).toEqual({ status: "returned", value: { email: "user1@example.com" } })
  })

  test("without a callback may return nothing", async () => {
    expect(await outcomeOf("module.exports = async (user) => {}")).toEqual({ status: "returned", value: {} })
  })

  test("without a callback refuses with what it throws", async () => {
    const outcome = await outcomeOf(
      "module.exports = async (user, context) => { throw new PreUserRegistrationError('a', 'b') }",
    )
    expect(outcome).toMatchObject({
      status: "rejected",
      error: { name: "PreUserRegistrationError", properties: { friendlyMessage: "b" } },
    })
  })

  test("with a callback answers with the callback only", async () => {
    const outcome = await outcomeOf(
      "module.exports = async (user, context, cb) => { setTimeout(cb, 5, null, 'callback'); return 'promise' }",
    )
    expect(outcome).toEqual({ status: "returned", value: "callback" })
  })

  test.each([
    [
      "among the rest of its arguments",
      "async (user, ...rest) => { setTimeout(rest[1], 5, null, 'callback') }",
    ],
    ["among its arguments", "async function () { setTimeout(arguments[2], 5, null, 'callback') }"],
    ["with a default", "async (user, context, cb = null) => { setTimeout(cb, 5, null, 'callback') }"],
    [
      "behind an involved default",
      "async (user = { a: [] }, context = f(), cb) => { setTimeout(cb, 5, null, 'callback') }",
    ],
  ])("with a callback %s answers with the callback only", async (_, hook) => {
    expect(await outcomeOf(`module.exports = ${hook}`)).toEqual({ status: "returned", value: "callback" })
  })

  test.each([
    ["one parameter", "async user => user.email"],
    ["parameters taken apart", "async ({ email = '' }, { webtask: { secrets } }) => email"],
    ["a trailing comma", "async function named(\n  user,\n  context,\n) { return user.email }"],
    ["a call of its own in a row", "async (user) => { const all = [...[1]]; return user.email }"],
  ])("without a callback may have %s", async (_, hook) => {
    const outcome = await outcomeOf(`module.exports = ${hook}`)
    expect(outcome).toEqual({ status: "returned", value: "user1@example.com" })
  })

  test("with a callback that rejects ends the run as an exception", async () => {
    const outcome = await outcomeOf(
      "module.exports = async (user, context, cb) => { throw new TypeError('x') }",
    )
    expect(outcome).toMatchObject({ status: "threw", error: { name: "TypeError", message: "x" } })
  })
})

describe("context.webtask", () => {
  test("holds secrets, the event and the ids of the run", async () => {
    const { outcome } = await runBody(executors, "cb(null, context.webtask)", {
      event: { user: { id: "u" }, context: { connection: {} } },
      secrets: { KEY: "value of key" },
    })
    expect(outcome).toEqual({
      status: "returned",
      value: {
        secrets: { KEY: "value of key" },
        body: { user: { id: "u" }, context: { connection: {} } },
        body_raw: '{"user":{"id":"u"},"context":{"connection":{}}}',
        data: { KEY: "value of key" },
        headers: {},
        id: "01HOOK",
        meta: { "auth0-extension": "runtime", "auth0-extension-name": "pre-user-registration" },
        params: {},
        query: {},
        executionId: "exe_1",
        attempt: 1,
      },
    })
  })

  test("is the only place of secrets", async () => {
    const { outcome } = await runBody(executors, "cb(null, typeof context.secrets)", { secrets: { A: "b" } })
    expect(outcome).toEqual({ status: "returned", value: "undefined" })
  })
})
