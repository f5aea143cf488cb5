import { once } from "node:events"
import { type IncomingMessage, request } from "node:http"
import { text } from "node:stream/consumers"
import { expect } from "vitest"
import type { Api } from "./api.ts"
import { testWithService } from "./service-test.ts"

/**
 * Clients that do not run here, by what they were recorded to send Auth0 (terraform-provider-auth0 in October 2022,
 * go-auth0 in January 2023) or send by their source (auth0-python 4), and what Auth0 answered to the letter.
 */
const test = testWithService({ workers: 0 })

/** The sample of Terraform's documentation. It is no module, and the API takes it all the same. */
const SCRIPT = "function (user, context, callback) { callback(null, { user }); }"
const TRIGGER = "pre-user-registration"
const MASK = "_VALUE_NOT_SHOWN_"
const NOT_THERE = {
  statusCode: 404,
  error: "Not Found",
  message: "Error: Hook does not exist",
  errorCode: "HookDoesNotExist",
}

interface Sent {
  /** `POST /hooks`; `ID` stands for the id of the hook that was made. */
  call: string
  body?: unknown
}

/** What was sent, the status, and the body, in which `ID` stands for the hook's id too; none is an empty one. */
type Exchange = [sent: Sent, status: number, answer?: object]

interface HookState {
  name: string
  script?: string
  dependencies?: Record<string, string>
  enabled?: boolean
}

/** POST and PATCH, and then GET, answer a hook with its keys in an order of their own. */
function saved({ name, script = SCRIPT, dependencies = {}, enabled = false }: HookState) {
  return { id: "ID", name, script, dependencies, triggerId: TRIGGER, enabled }
}
function read({ name, script = SCRIPT, dependencies = {}, enabled = false }: HookState) {
  return { id: "ID", name, script, dependencies, enabled, triggerId: TRIGGER }
}

/** Go's encoder sends a body with every GET: none is `null`. */
const get = (path: string): Sent => ({ call: `GET ${path}`, body: null })
const refresh = (hook: HookState, secrets: object): Exchange[] => [
  [get("/hooks/ID"), 200, read(hook)],
  [get("/hooks/ID/secrets"), 200, secrets],
]
const deleted: Exchange = [{ call: "DELETE /hooks/ID" }, 204]

test("Terraform makes a hook, enables it and destroys it", async ({ service: { api } }) => {
  const off = { name: "pre-user-reg-hook" }
  const on = { ...off, enabled: true }
  await replay(api, [
    [{ call: "POST /hooks", body: { name: off.name, script: SCRIPT, triggerId: TRIGGER } }, 201, saved(off)],
    ...refresh(off, {}),
    ...refresh(off, {}),
    ...refresh(off, {}),
    [{ call: "PATCH /hooks/ID", body: { name: on.name, script: SCRIPT, enabled: true } }, 200, saved(on)],
    ...refresh(on, {}),
    ...refresh(on, {}),
    deleted,
  ])
})

test("Terraform adds, changes and removes a hook's secrets and dependencies", async ({
  service: { api },
}) => {
  const hook = { name: "pre-user-reg-hook", dependencies: { auth0: "2.30.0" }, enabled: true }
  const { name, dependencies } = hook
  const bare = { name, enabled: true }
  const change = { name, script: SCRIPT, dependencies, enabled: true }
  const one = { foo: MASK }
  const two = { foo: MASK, bar: MASK }
  await replay(api, [
    [
      {
        call: "POST /hooks",
        body: { name, script: SCRIPT, triggerId: TRIGGER, dependencies, enabled: true },
      },
      201,
      saved(hook),
    ],
    [get("/hooks/ID/secrets"), 200, {}],
    [{ call: "POST /hooks/ID/secrets", body: { foo: "alpha" } }, 201, {}],
    ...refresh(hook, one),
    ...refresh(hook, one),
    ...refresh(hook, one),
    [{ call: "PATCH /hooks/ID", body: change }, 200, saved(hook)],
    [get("/hooks/ID/secrets"), 200, one],
    [{ call: "POST /hooks/ID/secrets", body: { bar: "kappa" } }, 201, {}],
    [{ call: "PATCH /hooks/ID/secrets", body: { foo: "gamma" } }, 201, {}],
    ...refresh(hook, two),
    ...refresh(hook, two),
    ...refresh(hook, two),
    [{ call: "PATCH /hooks/ID", body: change }, 200, saved(hook)],
    [get("/hooks/ID/secrets"), 200, two],
    [{ call: "PATCH /hooks/ID/secrets", body: { foo: "delta" } }, 201, {}],
    [{ call: "DELETE /hooks/ID/secrets", body: ["bar"] }, 204],
    ...refresh(hook, one),
    ...refresh(hook, one),
    ...refresh(hook, one),
    [{ call: "PATCH /hooks/ID", body: { ...change, dependencies: {} } }, 200, saved(bare)],
    [get("/hooks/ID/secrets"), 200, one],
    [{ call: "DELETE /hooks/ID/secrets", body: ["foo"] }, 204],
    ...refresh(bare, {}),
    ...refresh(bare, {}),
    deleted,
  ])
})

test("go-auth0 changes a hook and deletes it twice", async ({ service: { api } }) => {
  const hook = { name: "test-hook-983" }
  const script = "function (user, context, callback) { console.log('hooked!'); callback(null, { user }); }"
  const changed = { ...hook, script, enabled: true }
  await replay(api, [
    [newHook("test-hook983"), 201, saved(hook)],
    [{ call: "PATCH /hooks/ID", body: { script, enabled: true } }, 200, saved(changed)],
    [get("/hooks/ID"), 200, read(changed)],
    deleted,
    [get("/hooks/ID"), 404, NOT_THERE],
    [{ call: "DELETE /hooks/ID" }, 404, NOT_THERE],
  ])
})

test("go-auth0 lists the ids alone, with totals", async ({ service: { api } }) => {
  const page = { total: 1, start: 0, limit: 50, hooks: [{ id: "ID" }] }
  await replay(api, [
    [newHook("test-hook735"), 201, saved({ name: "test-hook-735" })],
    [get("/hooks?fields=id&include_fields=true&include_totals=true&per_page=50"), 200, page],
    deleted,
  ])
})

test("go-auth0 replaces and removes secrets", async ({ service: { api } }) => {
  const secrets = (...names: string[]) => Object.fromEntries(names.map((name) => [name, MASK]))
  await replay(api, [
    [newHook("test-hook904"), 201, saved({ name: "test-hook-904" })],
    [{ call: "POST /hooks/ID/secrets", body: { SECRET1: "value1", SECRET2: "value2" } }, 201, {}],
    [get("/hooks/ID/secrets"), 200, secrets("SECRET1", "SECRET2")],
    [{ call: "POST /hooks/ID/secrets", body: { SECRET3: "other value" } }, 201, {}],
    [{ call: "PATCH /hooks/ID/secrets", body: { SECRET1: "something else" } }, 201, {}],
    [{ call: "DELETE /hooks/ID/secrets", body: ["SECRET2"] }, 204],
    [get("/hooks/ID/secrets"), 200, secrets("SECRET1", "SECRET3")],
    [{ call: "DELETE /hooks/ID/secrets", body: ["SECRET1", "SECRET3"] }, 204],
    [get("/hooks/ID/secrets"), 200, {}],
    deleted,
  ])
})

test("auth0-python lists the enabled hooks unless it is told otherwise", async ({ service: { api } }) => {
  const hook = { name: "from-python", enabled: true }
  await replay(api, [
    [{ call: "POST /hooks", body: { ...hook, script: SCRIPT, triggerId: TRIGGER } }, 201, saved(hook)],
    [{ call: "GET /hooks?include_fields=true&include_totals=false&enabled=true" }, 200, [read(hook)]],
    [{ call: "GET /hooks?include_fields=true&include_totals=false&enabled=false" }, 200, []],
    [{ call: "GET /hooks/ID?fields=name%2Cenabled" }, 200, { name: "from-python", enabled: true }],
    [{ call: "POST /hooks/ID/secrets", body: { KEY: "1" } }, 201, {}],
    [{ call: "DELETE /hooks/ID/secrets", body: ["KEY"] }, 204],
    deleted,
  ])
})

function newHook(name: string): Sent {
  return { call: "POST /hooks", body: { name, script: SCRIPT, triggerId: TRIGGER, enabled: false } }
}

/** Sends one after the other, and compares every answer to the letter. */
async function replay(api: Api, exchanges: readonly Exchange[]): Promise<void> {
  let id = "ID"
  for (const [sent, status, expected] of exchanges) {
    const { response, body } = await send(api, { ...sent, call: sent.call.replace("ID", id) })
    if (id === "ID") id = JSON.parse(body).id
    expect({
      call: sent.call,
      status: response.statusCode,
      type: response.headers["content-type"],
      body: body.replaceAll(id, "ID"),
    }).toEqual({
      call: sent.call,
      status,
      type: "application/json; charset=utf-8",
      body: expected ? JSON.stringify(expected) : "",
    })
  }
}

/** By hand, since fetch sends no body with GET. */
async function send(
  { url, token }: Api,
  { call, body }: Sent,
): Promise<{ response: IncomingMessage; body: string }> {
  const [method, path] = call.split(" ")
  // Go ends a document with a new line.
  const payload = body === undefined ? "" : `${JSON.stringify(body)}\n`
  const outgoing = request(`${url}/api/v2${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(payload),
    },
  })
  outgoing.end(payload)
  // The event's one argument.
  const [response] = (await once(outgoing, "response")) as [IncomingMessage]
  return { response, body: await text(response) }
}
