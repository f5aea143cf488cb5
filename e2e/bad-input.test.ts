import { TRIGGER_IDS, TRIGGERS } from "@hooklane/core"
import { describe, expect } from "vitest"
import { type Answer, type Api, type Call, login, type Problem } from "./api.ts"
import { testWithService } from "./service-test.ts"

const test = testWithService()

const EVENTS = "/v1/triggers/post-user-registration/events"
const event = TRIGGERS["post-user-registration"].sampleEvent

describe("is refused, leaves nothing in a lane and does the service no harm:", () => {
  test.beforeAll(async ({ service: { api } }) => {
    for (const triggerId of TRIGGER_IDS) {
      await api.createHook(triggerId, "cb()")
      await api.send("POST", `/v1/queues/${triggerId}/pause`)
    }
  })

  test.afterEach(async ({ service: { api } }) => {
    const empty = { waiting: 0, active: 0, delayed: 0, failed: 0 }
    expect(await api.get("/v1/queues")).toMatchObject(TRIGGER_IDS.map(() => empty))
    expect(await api.send("GET", "/readyz")).toMatchObject({ status: 200 })
  })

  test.afterAll(async ({ service: { api } }) => {
    for (const triggerId of TRIGGER_IDS) await api.send("POST", `/v1/queues/${triggerId}/resume`)
  })

  const events: [what: string, call: Call, status: number, errorCode: string][] = [
    ["half a JSON text", { body: '{"user":' }, 400, "invalid_body"],
    ["no body", {}, 400, "invalid_body"],
    ["a list", { body: [] }, 400, "invalid_body"],
    ["a number for an object", { body: { ...event, user: 1 } }, 400, "invalid_body"],
    ["a property that no hook gets", { body: { ...event, usr: {} } }, 400, "invalid_body"],
    [
      "a body that is too large",
      { body: { ...event, user: { a: "x".repeat(1_048_576) } } },
      413,
      "payload_too_large",
    ],
    ["XML", { body: event, headers: { "content-type": "text/xml" } }, 415, "unsupported_media_type"],
    [
      "a form",
      { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "unsupported_media_type",
    ],
    [
      "absurd headers",
      { body: event, headers: { "x-absurd": "x".repeat(40_000) } },
      431,
      "headers_too_large",
    ],
    ["an empty Idempotency-Key", { body: event, headers: { "idempotency-key": "" } }, 400, "invalid_body"],
    [
      "a long Idempotency-Key",
      { body: event, headers: { "idempotency-key": "k".repeat(256) } },
      400,
      "invalid_body",
    ],
    ["a token that is none", { body: event, token: "token" }, 400, "Bearer"],
  ]

  test.for(events)("%s as an event", async ([_what, call, status, errorCode], { service: { api } }) => {
    expectProblem(await api.send("POST", EVENTS, call), { status, errorCode })
  })

  test("a body of unknown length that does not end", async ({ service: { api } }) => {
    const chunk = new TextEncoder().encode("x".repeat(100_000))
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(chunk) })
    const headers = { authorization: `Bearer ${api.token}`, "content-type": "application/json" }
    const answer = await fetch(api.url + EVENTS, { method: "POST", headers, body: endless, duplex: "half" })
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({ statusCode: 413, errorCode: "payload_too_large" })
  })

  test("an event without a token, or with a wrong one", async ({ service: { api } }) => {
    for (const token of ["", "header.payload.signature", `${api.token}x`]) {
      const { status, headers, body } = await api.send<Problem>("POST", EVENTS, { body: event, token })
      expect(status).toBe(401)
      expect(headers.get("www-authenticate")).toMatch(/^Bearer/)
      expect(body).toMatchObject({ statusCode: 401, error: "Unauthorized", message: expect.any(String) })
    }
  })

  test("what a client's scopes do not allow", async ({ service: { api } }) => {
    const token = await tokenWith(api, ["read:hooks"])
    expect(await api.send("GET", "/api/v2/hooks", { token })).toMatchObject({ status: 200 })
    const forbidden: [method: string, path: string][] = [
      ["POST", EVENTS],
      ["POST", "/api/v2/hooks"],
      ["GET", "/v1/executions"],
      ["POST", "/v1/queues/credentials-exchange/resume"],
      ["GET", "/v1/workers"],
      ["GET", "/v1/clients"],
    ]
    for (const [method, path] of forbidden) {
      const call = { token, ...(method === "POST" && { body: event }) }
      expectProblem(await api.send(method, path, call), { status: 403, errorCode: "insufficient_scope" })
    }
  })

  const unknown: [method: string, path: string, status: number, errorCode: string][] = [
    ["POST", "/v1/triggers/no-trigger/events", 404, "trigger_not_found"],
    ["POST", "/v1/triggers/%ff%00/events", 404, "trigger_not_found"],
    ["GET", "/v1/queues/no-trigger", 404, "trigger_not_found"],
    ["GET", "/api/v2/hooks/01GQN0P33H3AFJHRWS4KDSRHJK", 404, "HookDoesNotExist"],
    ["GET", `/v1/executions/exe_${"0".repeat(26)}`, 404, "execution_not_found"],
    ["GET", "/v1/executions/not-an-id", 400, "invalid_uri"],
    ["GET", "/v1/executions?limit=many", 400, "invalid_query_string"],
    ["GET", "/v1/executions?cursor=mine", 400, "invalid_query_string"],
    ["GET", "/no/such/path", 404, "not_found"],
  ]

  test.for(unknown)("%s %s", async ([method, path, status, errorCode], { service: { api } }) => {
    const call = method === "POST" ? { body: event } : {}
    expectProblem(await api.send(method, path, call), { status, errorCode })
  })
})

test("an Idempotency-Key that comes again with another body is a conflict", async ({ service: { api } }) => {
  const headers = { "idempotency-key": "taken" }
  const { body: first } = await api.fire("post-user-registration", { headers })
  const other = { ...event, user: { id: "other" } }
  expectProblem(await api.send("POST", EVENTS, { body: other, headers }), {
    status: 409,
    errorCode: "conflict",
  })
  await api.reached(first.executionId, "succeeded")
})

test("an event that is nested without end reaches its hook, and what the hook makes of it is its own failure", async ({
  service: { api },
}) => {
  const depth = 100_000
  const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`
  const body = `{ "client": {}, "audience": "a", "context": { "deep": ${deep} } }`
  await api.createHook("credentials-exchange", "cb(null, { scope: context.deep })")
  expect(await api.fire("credentials-exchange", { body })).toMatchObject({
    status: 200,
    body: { status: "failed", error: { failure: "invalid_result" } },
  })
  await api.createHook("credentials-exchange", "cb(null, { scope: [] })")
  expect((await api.fire("credentials-exchange", { body })).body).toMatchObject({ status: "succeeded" })
})

function expectProblem(answer: Answer, { status, errorCode }: { status: number; errorCode: string }): void {
  expect(answer).toMatchObject({
    status,
    body: { statusCode: status, error: expect.any(String), message: expect.any(String), errorCode },
  })
}

async function tokenWith(api: Api, scopes: string[]): Promise<string> {
  const client = await api.post<{ id: string; secret: string }>("/v1/clients", { name: "Limited", scopes })
  return login(api.url, client.id, client.secret)
}
