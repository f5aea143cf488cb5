import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { TRIGGERS } from "@hooklane/core"
import { describe, expect, vi } from "vitest"
import { scriptOf } from "./api.ts"
import { testWithService } from "./service-test.ts"

const HOOK_LIMIT_MS = 1_000
const POLL = { timeout: 5_000, interval: 100 }

const test = testWithService({ settings: { HOOKLANE_HOOK_TIMEOUT_MS: String(HOOK_LIMIT_MS) } })

describe("the caller is answered with", () => {
  test("the scopes and claims for a token", async ({ service: { api } }) => {
    const code = `cb(null, { scope: scope.concat("read:plan"), "https://example.com/plan": client.metadata.plan })`
    await api.createHook("credentials-exchange", code)
    expect(await api.fire("credentials-exchange")).toMatchObject({
      status: 200,
      body: {
        status: "succeeded",
        result: { scope: ["read:connections", "read:plan"], "https://example.com/plan": "full" },
      },
    })
  })

  test("the metadata for a new user", async ({ service: { api } }) => {
    const code = `cb(null, { user: { app_metadata: { from: context.request.ip }, email: "not@applied.com" } })`
    await api.createHook("pre-user-registration", code)
    expect((await api.fire("pre-user-registration")).body).toMatchObject({
      status: "succeeded",
      result: { user: { app_metadata: { from: "::ffff:127.0.0.1" } } },
    })
  })

  test("the receipt of a phone message", async ({ service: { api } }) => {
    await api.createHook("send-phone-message", "cb(null, { MessageID: recipient + '/' + context.code })")
    expect((await api.fire("send-phone-message")).body).toMatchObject({
      status: "succeeded",
      result: { MessageID: "1-808-555-5555/999111" },
    })
  })

  test("the hook's own error, when it rejects", async ({ service: { api } }) => {
    await api.createHook("pre-user-registration", `cb(new PreUserRegistrationError("banned", "Not today"))`)
    expect(await api.fire("pre-user-registration")).toMatchObject({
      status: 200,
      body: {
        status: "failed",
        error: {
          name: "PreUserRegistrationError",
          message: "banned",
          friendlyMessage: "Not today",
          failure: "rejected",
        },
      },
    })
  })

  const failed: [what: string, code: string, error: object][] = [
    ["throws", `throw new TypeError("oops")`, { failure: "threw", name: "TypeError", message: "oops" }],
    [
      "throws in a timer",
      `setTimeout(() => { throw new TypeError("oops") }, 5)`,
      { failure: "threw", name: "TypeError", message: "oops" },
    ],
    ["calls back what JSON cannot hold", "cb(null, { big: 10n })", { failure: "invalid_result" }],
    ["calls back an object that holds itself", "cb(null, context)", { failure: "invalid_result" }],
    ["calls back too much", `cb(null, "x".repeat(300_000))`, { failure: "invalid_result" }],
    ["is not JavaScript", "}{", { failure: "not_compiled" }],
  ]

  test.for(failed)("a failure, when the hook %s", async ([_what, code, error], { service: { api } }) => {
    await api.createHook("credentials-exchange", code)
    expect(await api.fire("credentials-exchange")).toMatchObject({
      status: 200,
      body: { status: "failed", error },
    })
  })

  const refused: [what: string, code: string, status: number, errorCode: string][] = [
    ["never calls back", "", 504, "hook_timed_out"],
    ["loops for ever", "for (;;);", 504, "hook_timed_out"],
    ["eats memory", "const all = []; for (;;) all.push(new Array(1e6).fill(0.5))", 502, "hook_out_of_memory"],
    ["ends its process", "process.exit(3)", 502, "hook_crashed"],
  ]

  test.for(refused)("an error of the service, when the hook %s", async (row, { service: { api } }) => {
    const [_what, code, status, errorCode] = row
    await api.createHook("credentials-exchange", code)
    const firedAt = Date.now()
    const answer = await api.fire("credentials-exchange")
    expect(answer).toMatchObject({ status, body: { statusCode: status, errorCode } })
    expect(Date.now() - firedAt).toBeLessThan(HOOK_LIMIT_MS + 1_000)
    expect(await api.execution(answer.body.executionId)).toMatchObject({ status: "failed" })

    await api.createHook("credentials-exchange", "cb(null, { scope: [] })")
    expect((await api.fire("credentials-exchange")).body).toMatchObject({ status: "succeeded" })
  })

  test("nothing, when no hook is enabled", async ({ service: { api } }) => {
    const hook = await api.createHook("credentials-exchange", "cb(null, {})")
    await api.patch(`/api/v2/hooks/${hook.id}`, { enabled: false })
    expect(await api.fire("credentials-exchange")).toMatchObject({
      status: 200,
      body: { status: "skipped", executionId: null },
    })
  })
})

describe("hooks do not disturb each other:", () => {
  test("while one loops for ever, another answers at once", async ({ service: { api } }) => {
    await api.createHook("credentials-exchange", "for (;;);")
    await api.createHook("pre-user-registration", "cb(null, {})")
    await api.fire("pre-user-registration")
    const order: string[] = []
    await Promise.all([
      api.fire("credentials-exchange").then(({ status }) => order.push(`loop: ${status}`)),
      api.fire("pre-user-registration").then(({ status }) => order.push(`other: ${status}`)),
    ])
    expect(order).toEqual(["other: 200", "loop: 504"])
  })

  test("one that breaks its process fails nobody else's run", async ({ service: { api } }) => {
    await api.createHook("credentials-exchange", "process.exit(1)")
    await api.createHook("send-phone-message", "setTimeout(cb, 200, null, 'sent')")
    const [message, ...tokens] = await Promise.all([
      api.fire("send-phone-message"),
      api.fire("credentials-exchange"),
      api.fire("credentials-exchange"),
    ])
    expect(message.body).toMatchObject({ status: "succeeded", result: "sent" })
    expect(tokens.map(({ status }) => status)).toEqual([502, 502])
  })

  test("a hundred events over three triggers get each its own answer", async ({ service: { api } }) => {
    const echo = "cb(null, { scope: [audience] })"
    await api.createHook("credentials-exchange", echo)
    await api.createHook("pre-user-registration", "cb(null, { user: { app_metadata: { id: user.id } } })")
    await api.createHook("send-phone-message", "cb(null, recipient)")
    const { sampleEvent: token } = TRIGGERS["credentials-exchange"]
    const { sampleEvent: signup } = TRIGGERS["pre-user-registration"]
    const { sampleEvent: message } = TRIGGERS["send-phone-message"]
    const answers = await Promise.all(
      Array.from({ length: 34 }, (_, index) => `${index}`).map(async (id) => {
        const [forToken, forSignup, forMessage] = await Promise.all([
          api.fire("credentials-exchange", { body: { ...token, audience: id } }),
          api.fire("pre-user-registration", { body: { ...signup, user: { id } } }),
          api.fire("send-phone-message", { body: { ...message, recipient: id } }),
        ])
        return [forToken.body.result, forSignup.body.result, forMessage.body.result]
      }),
    )
    expect(answers).toEqual(
      answers.map((_, id) => [{ scope: [`${id}`] }, { user: { app_metadata: { id: `${id}` } } }, `${id}`]),
    )
  })
})

describe("a change takes effect for the very next event:", () => {
  const answering = (text: string) => `cb(null, { scope: ["${text}"] })`

  test("of a script", async ({ service: { api } }) => {
    const hook = await api.createHook("credentials-exchange", answering("before"))
    for (const text of ["first", "second", "third"]) {
      const script = scriptOf("credentials-exchange", answering(text))
      await api.patch(`/api/v2/hooks/${hook.id}`, { script })
      expect((await api.fire("credentials-exchange")).body.result).toEqual({ scope: [text] })
    }
  })

  test("of the hook in charge", async ({ service: { api } }) => {
    const one = await api.createHook("credentials-exchange", answering("one"))
    const other = await api.createHook("credentials-exchange", answering("other"))
    const scopes = async () => (await api.fire("credentials-exchange")).body.result
    expect(await scopes()).toEqual({ scope: ["other"] })
    await api.patch(`/api/v2/hooks/${one.id}`, { enabled: true })
    expect(await scopes()).toEqual({ scope: ["one"] })
    expect(await api.get(`/api/v2/hooks/${other.id}`)).toMatchObject({ enabled: false })
    await api.send("DELETE", `/api/v2/hooks/${one.id}`)
    expect((await api.fire("credentials-exchange")).body.status).toBe("skipped")
  })

  test("of a secret", async ({ service: { api } }) => {
    const code = "const { KEY } = context.webtask.secrets; cb(null, { scope: [KEY || 'none'] })"
    const hook = await api.createHook("credentials-exchange", code, { secrets: { KEY: "first" } })
    const scopes = async () => (await api.fire("credentials-exchange")).body.result
    expect(await scopes()).toEqual({ scope: ["first"] })
    await api.patch(`/api/v2/hooks/${hook.id}/secrets`, { KEY: "second" })
    expect(await scopes()).toEqual({ scope: ["second"] })
    await api.send("DELETE", `/api/v2/hooks/${hook.id}/secrets`, { body: ["KEY"] })
    expect(await scopes()).toEqual({ scope: ["none"] })
  })
})

test("the history shows how it ended, with what the hook printed", async ({ service: { api } }) => {
  const hook = await api.createHook("credentials-exchange", "console.log('asked for', scope); cb(null, {})")
  const { body, headers } = await api.fire("credentials-exchange")
  expect(headers.get("hooklane-execution-id")).toBe(body.executionId)
  expect(await api.reached(body.executionId, "succeeded")).toMatchObject({
    id: body.executionId,
    triggerId: "credentials-exchange",
    hookId: hook.id,
    attempts: [{ attempt: 1, logs: [{ level: "info", message: "asked for [ 'read:connections' ]" }] }],
  })
})

test("no secret, event, password or answer is written anywhere in clear", async ({ service }) => {
  const { api, dir, logs } = service
  const code = `
    const { KEY } = context.webtask.secrets
    console.log(KEY)
    if (user.email === "refused@example.com") return cb(new Error("not with " + KEY))
    cb(null, { user: { app_metadata: { answer: "ANSWER" + user.password.length } } })`
  const password = "PASSWORD-in-clear"
  const secrets = { KEY: "SECRET-in-clear" }
  const event = {
    ...TRIGGERS["pre-user-registration"].sampleEvent,
    user: { password, name: "EVENT-in-clear" },
  }
  const refused = { ...event, user: { ...event.user, email: "refused@example.com" } }
  await api.createHook("pre-user-registration", code, { secrets })
  await api.createHook("post-user-registration", code, { secrets })
  await api.send("POST", "/v1/queues/post-user-registration/pause")

  const headers = { "idempotency-key": "IDEMPOTENCY-KEY-in-clear" }
  const answer = await api.fire("pre-user-registration", { body: event, headers })
  expect(answer.body).toMatchObject({ result: { user: { app_metadata: { answer: "ANSWER17" } } } })
  const refusal = await api.fire("pre-user-registration", { body: refused })
  await api.fire("post-user-registration", { body: event })
  await api.reached(answer.body.executionId, "succeeded")
  expect((await api.reached(refusal.body.executionId, "failed")).error?.message).toBe("not with [secret]")

  // The log is written in batches, so its line comes up to half a second after the answer.
  const places = await vi.waitFor(async () => {
    const all = [logs(), ...(await readAll(dir))]
    const mentions = all.filter((text) => text.includes(answer.body.executionId))
    expect(mentions.length, "the log, the database and the append-only file tell of it").toBeGreaterThan(2)
    return all
  }, POLL)
  expect(places.join("\n").match(/[A-Z-]+-in-clear|ANSWER17/g)).toBeNull()
})

/** All files of a service: the database, what was ever stored in Redis (its append-only file), and the rest. */
async function readAll(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.map((file) => readFile(file, "latin1")))
}
