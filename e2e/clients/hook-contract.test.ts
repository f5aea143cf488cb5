import { type JsonObject, TRIGGER_IDS, TRIGGERS, type TriggerId } from "@hooklane/core"
import { type Executors, startExecutors } from "@hooklane/executor"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type HookAnswer, type HookCase, hookOf, originalAnswer, ourAnswer } from "./hook-answers.ts"

/**
 * auth0-ext-compilers is the code that Auth0 put around hooks. The same scripts and events go through it and
 * through us, and the answers must be the same; where they are not, the case says why.
 */
let executors: Executors

beforeAll(async () => {
  const limits = { maxResultBytes: 262_144, maxLogBytes: 65_536, maxExecutors: 2 }
  executors = await startExecutors({ threads: 1, ...limits, log: { warn: () => {} } })
})
afterAll(() => executors.close())

async function bothAnswers(hookCase: HookCase): Promise<{ original: HookAnswer; ours: HookAnswer }> {
  const [original, ours] = await Promise.all([originalAnswer(hookCase), ourAnswer(executors, hookCase)])
  return { original, ours }
}

async function expectSame(hookCase: HookCase): Promise<HookAnswer> {
  const { original, ours } = await bothAnswers(hookCase)
  expect(ours).toEqual(original)
  return ours
}

/** With both shapes of the language field, so that an event needs no completion. */
function eventOf(triggerId: TriggerId): JsonObject {
  const event = structuredClone(TRIGGERS[triggerId].sampleEvent)
  const request = { ip: "::1", language: "en-us" }
  const languages = TRIGGERS[triggerId].contextArgument === "copy" && { requestLanguage: "en-us", request }
  return { ...event, context: { ...event.context, ...languages } }
}

/** One of each kind: what is called back, and how, is treated alike in all triggers of a kind. */
const KINDS = ["credentials-exchange", "pre-user-registration"] as const

describe.each(KINDS)("%s: the same answer to", (triggerId) => {
  test.each([
    ["no value", "cb()"],
    ["undefined", "cb(null, undefined)"],
    ["null", "cb(null, null)"],
    ["zero", "cb(null, 0)"],
    ["an empty text", "cb(null, '')"],
    ["false", "cb(null, false)"],
    ["a text", "cb(null, 'a')"],
    ["what JSON leaves out", "cb(null, { n: NaN, u: undefined, f() {}, list: [undefined] })"],
    ["a function", "cb(null, () => {})"],
    ["a date and a buffer", "cb(null, { at: new Date(0), bytes: Buffer.from('a') })"],
    ["an object with toJSON", "cb(null, { toJSON: () => ({ a: 1 }) })"],
    ["a second value", "cb(null, { a: 1 }, { b: 2 })"],
    ["a second call", "cb(null, { a: 1 }); cb(null, { b: 2 })"],
    ["an error after a value", "cb(null, { a: 1 }); cb(new Error('late'))"],
    ["a value after an error", "cb(new Error('no')); cb(null, { a: 1 })"],
    ["a later call", "setTimeout(cb, 5, null, { a: 1 })"],
    ["a call from a promise", "Promise.resolve().then(() => cb(null, { a: 1 }))"],
    ["a cycle", "const a = {}; a.a = a; cb(null, a)"],
    ["a BigInt", "cb(null, { n: 1n })"],
    ["a getter that throws", "cb(null, { get a() { throw new Error('no') } })"],
    ["no call at all", ""],
    ["the number of arguments", "cb(null, arguments.length)"],
    ["an error", "cb(new Error('no'))"],
    ["an error of another class", "cb(new RangeError('no'))"],
    ["an error without a message", "cb(new Error())"],
    [
      "an error with own properties",
      "cb(Object.assign(new Error('no'), { code: 1, deep: { a: [1] }, f() {} }))",
    ],
    ["an error with a hidden property", "cb(Object.defineProperty(new Error('no'), 'code', { value: 1 }))"],
    ["an error with a cause", "cb(new Error('no', { cause: 'why' }))"],
    ["an error with its own name", "cb(Object.assign(new Error('no'), { name: 'Mine' }))"],
    ["a text as the error", "cb('no')"],
    ["a number as the error", "cb(7)"],
    ["true as the error", "cb(true)"],
    ["a symbol as the error", "cb(Symbol('no'))"],
    ["an object as the error", "cb({ code: 1 })"],
    ["an object with a message as the error", "cb({ message: 'no', code: 1 })"],
    ["an empty array as the error", "cb([])"],
    ["zero as the error", "cb(0, { a: 1 })"],
    ["an empty text as the error", "cb('', { a: 1 })"],
    ["an error and a value", "cb(new Error('no'), { a: 1 })"],
    ["an exception", "throw new TypeError('thrown')"],
    ["an exception that is a text", "throw 'thrown'"],
    ["an exception in a timer", "setTimeout(() => { throw new Error('later') }, 5)"],
    ["a rejected promise", "Promise.reject(new Error('later'))"],
    ["an async function of theirs that throws", "(async () => { throw new Error('later') })()"],
  ])("%s", async (_, body) => {
    await expectSame({ triggerId, script: hookOf(triggerId, body), body: eventOf(triggerId) })
  })
})

describe.each(TRIGGER_IDS)("%s: the same answer to", (triggerId) => {
  const { parameters, errorClasses } = TRIGGERS[triggerId]
  const [errorClass = { name: "" }] = errorClasses
  const body = eventOf(triggerId)

  test.each([
    ["no value", "cb()"],
    ["zero", "cb(null, 0)"],
    ["a value", "cb(null, { a: 1 })"],
    ["an error", "cb(new Error('no'))"],
    ["its arguments", `delete context.webtask; cb(null, [${parameters.join(", ")}])`],
    [
      "its secrets and the event",
      "const { secrets, body } = context.webtask; cb(null, { secrets, same: body.context === context, keys: Object.keys(body) })",
    ],
    [
      "its context, which holds itself in some",
      "const { secrets, body } = context.webtask; context.webtask = { secrets, body }; cb(null, context)",
    ],
    [
      "what is in scope",
      `cb(null, [typeof ExtensibilityUserError, new ${errorClass.name}("m") instanceof ExtensibilityUserError, typeof globalThis.${errorClass.name}])`,
    ],
  ])("%s", async (_, code) => {
    await expectSame({ triggerId, script: hookOf(triggerId, code), body, secrets: { KEY: "value" } })
  })

  test.each(errorClasses)("$name", async ({ name }) => {
    for (const args of ["", "'log'", "'log', 'user'", "'log', ''"]) {
      const script = hookOf(triggerId, `cb(new ${name}(${args}))`)
      await expectSame({ triggerId, script, body })
    }
  })

  test.each([
    ["a function that is returned", `return (${[...parameters, "cb"].join(", ")}) => cb(null, { a: 1 })`],
    [
      "one that is both returned and exported",
      `module.exports = 1; return function () { arguments[${parameters.length}](null, {}) }`,
    ],
    ["a strict script", `"use strict"; ${hookOf(triggerId, "undeclared = 1; cb(null, { undeclared })")}`],
    ["pragmas", `'use latest'; 'use npm'; ${hookOf(triggerId, "cb(null, { a: 1 })")}`],
  ])("%s", async (_, script) => {
    const answer = await expectSame({ triggerId, script, body })
    expect(answer).toMatchObject({ status: "success" })
  })

  test.each([
    ["a syntax error", "module.exports = ("],
    ["a bare anonymous function", "function (a, b, cb) { cb() }"],
    ["an error class declared again", `class ${errorClass.name} {}`],
    ["no export", "const hook = () => {}"],
    ["exports.default", "exports.default = () => {}"],
    ["an exception while it is loaded", "throw Object.assign(new RangeError('no'), { code: 1 })"],
  ])("a script with %s", async (_, script) => {
    const answer = await expectSame({ triggerId, script, body })
    const message = "Unable to compile the extensibility code as javascript"
    expect(answer).toMatchObject({ status: "error", data: { message } })
  })
})

describe("on purpose not the same", () => {
  const triggerId = "credentials-exchange"

  test.each([
    {
      what: "an error with a cycle",
      why: "its message is what its caller has to know, and its name decides on the answer",
      code: "const e = new Error('no'); e.self = e; cb(e)",
      original: {
        status: "error",
        data: {
          name: "Error",
          message: expect.stringContaining("Error serializing error: Converting circular"),
        },
      },
      ours: { status: "error", data: { name: "Error", message: "no" } },
    },
    {
      what: "a getter of an error that throws",
      why: "the wrapper reads errors outside of its try, so the exception lands in the hook's own call",
      code: "cb(Object.defineProperty(new Error('no'), 'x', { get() { throw new Error('x') } }))",
      original: { status: "threw", when: "sync", message: "x" },
      ours: { status: "error", data: { name: "Error", message: "no" } },
    },
    {
      what: "an error whose toJSON is its own",
      why: "name and message are always told, and each of its own properties by itself",
      code: "cb(Object.assign(new Error('no'), { toJSON: () => ({ a: 1 }) }))",
      original: { status: "error", data: { name: "Error", message: "", a: 1 } },
      ours: { status: "error", data: { name: "Error", message: "no" } },
    },
    {
      what: "a message that is no text",
      why: "name and message are always told, and are texts",
      code: "cb(Object.assign(new Error(), { message: { a: 1 } }))",
      original: { status: "error", data: { name: "Error", message: { a: 1 } } },
      ours: { status: "error", data: { name: "Error", message: "[object Object]" } },
    },
    {
      what: "an async function without a callback",
      why: "it could never answer there; here it answers with what it returns",
      script: "module.exports = async (client, scope, audience, context) => ({ scope })",
      original: { status: "silent" },
      ours: { status: "success", data: { scope: ["read:connections"] } },
    },
    {
      what: "a function without a callback",
      why: "it could never answer there; here it answers with what it returns",
      script: "module.exports = (client, scope) => ({ scope })",
      original: { status: "silent" },
      ours: { status: "success", data: { scope: ["read:connections"] } },
    },
    {
      what: "the secret auth0-extension-secret",
      why: "it kept strangers from the hook's public address; here only the gateway can start a run, and it asks for a token",
      code: "cb(null, { secret: context.webtask.secrets['auth0-extension-secret'] })",
      secrets: { "auth0-extension-secret": "s3cret" },
      original: {
        status: "error",
        data: { name: "Error", message: "Unauthorized extensibility point", statusCode: 500 },
      },
      ours: { status: "success", data: { secret: "s3cret" } },
    },
    {
      what: "an argument that does not exist",
      why: "it is a misspelt one more often than not, and would be missed in silence",
      code: "cb(null, 'called')",
      body: { ...eventOf(triggerId), scopes: [] },
      original: { status: "success", data: "called" },
      ours: {
        status: "error",
        data: { message: "Payload validation error: 'Additional properties not allowed: scopes'." },
      },
    },
  ])(
    "$what: $why",
    async ({ code = "", script = hookOf(triggerId, code), body = eventOf(triggerId), ...rest }) => {
      const { secrets, original, ours } = rest
      const answers = await bothAnswers({ triggerId, script, body, ...(secrets && { secrets }) })
      expect(answers).toEqual({ original, ours })
    },
  )

  test("a language field in one shape only: hooks for either shape exist, so an event gets both", async () => {
    const { user, context } = TRIGGERS["pre-user-registration"].sampleEvent
    const script = hookOf("pre-user-registration", "cb(null, { language: context.requestLanguage })")
    const body = { user: user ?? {}, context: { ...context, request: { language: "fr" } } }
    expect(await bothAnswers({ triggerId: "pre-user-registration", script, body })).toEqual({
      original: { status: "success", data: {} },
      ours: { status: "success", data: { language: "fr" } },
    })
  })
})
