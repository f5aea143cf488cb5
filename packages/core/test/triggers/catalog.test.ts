import { describe, expect, test } from "vitest"
import {
  AppError,
  getTrigger,
  type JsonObject,
  parseEvent,
  TRIGGERS,
  type TriggerId,
} from "../../src/index.ts"

const CONNECTION = { id: "con_1", name: "db", tenant: "t" }

describe.each(Object.values(TRIGGERS))("$id", (trigger) => {
  test("accepts its own sample event, with every argument in it", () => {
    const event = parseEvent(trigger, structuredClone(trigger.sampleEvent))
    for (const name of trigger.parameters) expect(event).toHaveProperty(name)
  })

  test("its template is a script that compiles", () => {
    expect(() => new Function("module", trigger.template)).not.toThrow()
  })
})

test("an unknown trigger is refused, and the error names the known ones", () => {
  expect(() => getTrigger("nope")).toThrow(/no trigger "nope".*credentials-exchange.*send-phone-message/)
  expect(() => getTrigger("toString")).toThrow(AppError)
})

describe("an event is refused with the contract's message", () => {
  const message = { ...TRIGGERS["send-phone-message"].sampleEvent.context }
  test.each([
    ["credentials-exchange", null, "Body received by extensibility point is not an object"],
    ["credentials-exchange", [], "Body .client received by extensibility point is not an object"],
    ["post-user-registration", null, "Body received by extensibility point is not an object"],
    ["post-user-registration", [1], "Body.user received by extensibility point is not an object"],
    [
      "post-user-registration",
      { user: {}, context: [] },
      "Body.context.connection received by extensibility point is not an object",
    ],
    [
      "credentials-exchange",
      { audience: "a" },
      "Body .client received by extensibility point is not an object",
    ],
    [
      "credentials-exchange",
      { client: {}, audience: "a", scope: "s" },
      "Body .scope received by extensibility point is neither empty nor an array",
    ],
    [
      "credentials-exchange",
      { client: {} },
      "Body .audience received by extensibility point is not a string",
    ],
    ["pre-user-registration", { context: {} }, "Body.user received by extensibility point is not an object"],
    ["pre-user-registration", { user: {} }, "Body.context received by extensibility point is not an object"],
    [
      "post-user-registration",
      { user: {}, context: {} },
      "Body.context.connection received by extensibility point is not an object",
    ],
    [
      "post-change-password",
      { user: {}, context: { connection: 1 } },
      "Body.context.connection received by extensibility point is not an object",
    ],
    ["send-phone-message", {}, "Body.recipient received by extensibility point is not a string"],
    [
      "send-phone-message",
      { recipient: "1", text: 2 },
      "Body.text received by extensibility point is not a string",
    ],
    [
      "send-phone-message",
      { recipient: "1", text: "t", context: { ...message, message_type: "fax" } },
      "Body.context.message_type received by extensibility point is not `sms` or `voice`",
    ],
    [
      "send-phone-message",
      { recipient: "1", text: "t", context: { ...message, client: { client_id: 1 } } },
      "Body.context.client.client_id received by extensibility point is not a string",
    ],
    [
      "pre-user-registration",
      { user: {}, context: { connection: {} }, contxt: 1 },
      "Payload validation error: 'Additional properties not allowed: contxt'.",
    ],
  ])("%s %j", (id, body, expected) => {
    expect(() => parseEvent(getTrigger(id), body)).toThrow(new AppError("invalid_body", expected))
  })
})

test("credentials-exchange takes what the original took: a null client, an empty scope, no context", () => {
  const event = parseEvent(TRIGGERS["credentials-exchange"], {
    client: null,
    scope: "",
    audience: "a",
    context: 7,
  })
  expect(event).toEqual({ client: null, scope: "", audience: "a", context: {} })
})

test("an array is an object where the original asked for no more", () => {
  const { context } = TRIGGERS["send-phone-message"].sampleEvent
  const accepted: [TriggerId, JsonObject][] = [
    ["credentials-exchange", { client: [], audience: "a", context: [1] }],
    ["pre-user-registration", { user: [], context: { connection: [] } }],
    [
      "send-phone-message",
      {
        recipient: "",
        text: "",
        context: { ...context, user: [], client: { client_id: "", name: "", client_metadata: [] } },
      },
    ],
  ]
  for (const [id, event] of accepted) expect(parseEvent(TRIGGERS[id], event)).toEqual(event)
})

test("either shape of the language field is completed by the other", () => {
  const trigger = TRIGGERS["pre-user-registration"]
  const older = parseEvent(trigger, { user: {}, context: { connection: CONNECTION, requestLanguage: "fr" } })
  const newer = parseEvent(trigger, {
    user: {},
    context: { connection: CONNECTION, request: { ip: "::1", language: "fr" } },
  })
  expect(older.context).toMatchObject({ requestLanguage: "fr", request: { language: "fr" } })
  expect(newer.context).toMatchObject({ requestLanguage: "fr", request: { ip: "::1", language: "fr" } })
})

describe("what of a result is applied", () => {
  test("credentials-exchange: the scope and namespaced claims, except in reserved namespaces", () => {
    const applied = TRIGGERS["credentials-exchange"].applyResult({
      scope: ["a"],
      "https://example.com/plan": "gold",
      "https://auth0.com/x": 1,
      "https://tenant.auth0.com/x": 1,
      "https://notauth0.com/x": 2,
      "ftp://example.com/x": 1,
      plain: 1,
    })
    expect(applied).toEqual({ scope: ["a"], "https://example.com/plan": "gold", "https://notauth0.com/x": 2 })
  })

  test("pre-user-registration: both metadata, without names that cannot be stored", () => {
    const applied = TRIGGERS["pre-user-registration"].applyResult({
      user: {
        email: "other@example.com",
        user_metadata: { ok: 1, "a.b": 1, $c: 1 },
        app_metadata: { plan: "x" },
      },
    })
    expect(applied).toEqual({ user: { user_metadata: { ok: 1 }, app_metadata: { plan: "x" } } })
    expect(TRIGGERS["pre-user-registration"].applyResult({})).toEqual({ user: {} })
  })

  test("the post-triggers: nothing; send-phone-message: the provider's answer", () => {
    expect(TRIGGERS["post-user-registration"].applyResult({ user: {} })).toBeUndefined()
    expect(TRIGGERS["send-phone-message"].applyResult({ MessageID: "1" })).toEqual({ MessageID: "1" })
  })
})

describe("what a caller may answer when the hook failed", () => {
  const credentials = TRIGGERS["credentials-exchange"]
  test.each([
    [{ name: "InvalidScopeError", message: "m" }, 400, { error: "invalid_scope", error_description: "m" }],
    [
      { name: "InvalidRequestError", message: "m" },
      400,
      { error: "invalid_request", error_description: "m" },
    ],
    [{ name: "ServerError", message: "m" }, 500, { error: "server_error", error_description: "m" }],
    [{ name: "Error", message: "m" }, 500, { error: "server_error", error_description: "m" }],
    [
      { name: "TypeError", message: "m", thrown: "sync" as const },
      500,
      {
        error: "server_error",
        error_description: "Script generated an unhandled synchronous exception.",
      },
    ],
    [
      { name: "InvalidScopeError", message: "m", thrown: "async" as const },
      500,
      {
        error: "server_error",
        error_description: "Script generated an unhandled asynchronous exception.",
      },
    ],
  ])("/oauth/token: %j", (error, statusCode, body) => {
    expect(credentials.refusal?.(error)).toEqual({ statusCode, body })
  })

  const { refusal } = TRIGGERS["pre-user-registration"]
  const signup = { name: "InternalExtensibilityError", statusCode: 400, code: "extensibility_error" }

  test("signing up: the hook's text for the user, and the one for the log", () => {
    const properties = { friendlyMessage: "for the user" }
    expect(refusal?.({ name: "PreUserRegistrationError", message: "for the log", properties })).toEqual({
      statusCode: 400,
      body: {
        ...signup,
        message: "for the log",
        friendly_message: "for the user",
        description: "for the user",
        fromSandbox: true,
      },
    })
  })

  test("signing up: a text of ours for the user when the hook meant none for users", () => {
    const text = "We're sorry, something went wrong when attempting to sign up."
    const thrown = refusal?.({
      name: "E",
      message: "m",
      thrown: "sync",
      properties: { friendlyMessage: "f" },
    })
    expect(thrown?.body).toMatchObject({ friendly_message: text, description: text })
    expect(refusal?.({ name: "Error", message: "m" }).body).toMatchObject({ message: "m", description: text })
  })
})
