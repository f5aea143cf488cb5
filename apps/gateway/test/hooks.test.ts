import { expect, test } from "vitest"
import { answerOf, newHook, openApp, SCRIPT } from "./open-app.ts"

const UNKNOWN = "01GQN0P01XY4VE0PCK7H20QZ4M"
const NOT_THERE =
  '{"statusCode":404,"error":"Not Found","message":"Error: Hook does not exist","errorCode":"HookDoesNotExist"}'

test("a new hook is answered with 201 and Auth0's order of keys", async () => {
  const { call } = await openApp()
  const made = await call("POST", "/api/v2/hooks", {
    body: { ...newHook(), dependencies: { lodash: "4.17.21" }, enabled: true },
  })
  const { id } = made.json()
  expect(made.status).toBe(201)
  expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  expect(made.text).toBe(
    `{"id":"${id}","name":"my-hook","script":"${SCRIPT}","dependencies":{"lodash":"4.17.21"},` +
      `"triggerId":"pre-user-registration","enabled":true}`,
  )
})

test("a hook that says neither is disabled and has no dependencies", async () => {
  const { call } = await openApp()
  const made = await call("POST", "/api/v2/hooks", { body: newHook() })
  expect(made.json()).toMatchObject({ enabled: false, dependencies: {} })
})

test("a hook is read in the order of keys that GET has", async () => {
  const { call } = await openApp()
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook() })).json()
  const read = await call("GET", `/api/v2/hooks/${id}`)
  expect(read.status).toBe(200)
  expect(read.text).toBe(
    `{"id":"${id}","name":"my-hook","script":"${SCRIPT}","dependencies":{},"enabled":false,` +
      `"triggerId":"pre-user-registration"}`,
  )
})

test("a hook is read with the asked fields only", async () => {
  const { call } = await openApp()
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook() })).json()
  expect((await call("GET", `/api/v2/hooks/${id}?fields=name,enabled`)).text).toBe(
    '{"name":"my-hook","enabled":false}',
  )
  expect(
    (await call("GET", `/api/v2/hooks/${id}?fields=script,dependencies&include_fields=false`)).text,
  ).toBe(`{"id":"${id}","name":"my-hook","enabled":false,"triggerId":"pre-user-registration"}`)
  expect((await call("GET", `/api/v2/hooks/${id}?fields=secrets`)).json()).toMatchObject({
    statusCode: 400,
    errorCode: "invalid_query_string",
  })
})

test("PATCH replaces what it names and answers 200 in POST's order of keys", async () => {
  const { call } = await openApp()
  const { id } = (
    await call("POST", "/api/v2/hooks", { body: newHook({ dependencies: { lodash: "4" } }) })
  ).json()
  const patched = await call("PATCH", `/api/v2/hooks/${id}`, {
    body: { name: "my-hook", dependencies: {}, enabled: true },
  })
  expect(patched.status).toBe(200)
  expect(patched.text).toBe(
    `{"id":"${id}","name":"my-hook","script":"${SCRIPT}","dependencies":{},` +
      `"triggerId":"pre-user-registration","enabled":true}`,
  )
})

test("a script that does not parse is stored as it is", async () => {
  const { call } = await openApp()
  const script = "function (user, context, callback) { {{{ \u2028 é"
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook({ script }) })).json()
  expect((await call("GET", `/api/v2/hooks/${id}`)).json().script).toBe(script)
})

test("an enabled hook can be deleted, and its name used again", async () => {
  const { call } = await openApp()
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook({ enabled: true }) })).json()
  const deleted = await call("DELETE", `/api/v2/hooks/${id}`)
  expect(deleted.status).toBe(204)
  expect(deleted.text).toBe("")
  expect(deleted.headers.get("content-type")).toBe("application/json; charset=utf-8")
  expect((await call("DELETE", `/api/v2/hooks/${id}`)).text).toBe(NOT_THERE)
  expect((await call("POST", "/api/v2/hooks", { body: newHook() })).status).toBe(201)
})

test.each([
  ["GET", "", undefined],
  ["PATCH", "", { enabled: true }],
  ["DELETE", "", undefined],
  ["GET", "/secrets", undefined],
  ["POST", "/secrets", { KEY: "value" }],
  ["PATCH", "/secrets", { KEY: "value" }],
  ["DELETE", "/secrets", ["KEY"]],
])("%s of an unknown hook's %s is 404", async (method, path, body) => {
  const { call } = await openApp()
  const answer = await call(method, `/api/v2/hooks/${UNKNOWN}${path}`, { body })
  expect(answer.status).toBe(404)
  expect(answer.text).toBe(NOT_THERE)
})

test("a name is taken when its stored form is", async () => {
  const { call } = await openApp()
  await call("POST", "/api/v2/hooks", { body: newHook({ name: "my-hook-1" }) })
  const again = await call("POST", "/api/v2/hooks", { body: newHook({ name: "My Hook1" }) })
  expect(again.status).toBe(409)
  expect(again.text).toBe(
    '{"statusCode":409,"error":"Conflict","message":"Hook with the same name already exists.",' +
      '"errorCode":"HookAlreadyExists"}',
  )
})

test("a hook cannot take the name of another", async () => {
  const { call } = await openApp()
  await call("POST", "/api/v2/hooks", { body: newHook({ name: "first" }) })
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook({ name: "second" }) })).json()
  const renamed = await call("PATCH", `/api/v2/hooks/${id}`, { body: { name: "First" } })
  expect(renamed.status).toBe(409)
  expect(renamed.json()).toEqual({
    statusCode: 409,
    error: "Conflict",
    message: "A hook with the same name already exists.",
    errorCode: "HookAlreadyExists",
  })
})

test("names are kept as they were sent where the setting says so", async () => {
  const { call } = await openApp({ settings: { preserveNames: true } })
  const made = await call("POST", "/api/v2/hooks", { body: newHook({ name: "My Hook1" }) })
  expect(made.json().name).toBe("My Hook1")
})

test("of hooks that are enabled at the same time one stays enabled", async () => {
  const { call } = await openApp()
  const made = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      call("POST", "/api/v2/hooks", { body: newHook({ name: `hook-${index}`, enabled: true }) }),
    ),
  )
  const ids = made.map((answer) => answer.json().id)
  await Promise.all(
    ids.map((id) => call("PATCH", `/api/v2/hooks/${id}`, { body: { enabled: true, script: `// ${id}` } })),
  )
  const enabled = (await call("GET", "/api/v2/hooks?enabled=true")).json()
  expect(enabled).toHaveLength(1)
})

test("every change makes its trigger known before it is answered", async () => {
  const { call, changedTriggers } = await openApp()
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook() })).json()
  await call("PATCH", `/api/v2/hooks/${id}`, { body: { enabled: true } })
  await call("POST", `/api/v2/hooks/${id}/secrets`, { body: { KEY: "one" } })
  await call("PATCH", `/api/v2/hooks/${id}/secrets`, { body: { KEY: "two" } })
  await call("DELETE", `/api/v2/hooks/${id}/secrets`, { body: ["KEY"] })
  await call("DELETE", `/api/v2/hooks/${id}`)
  await call("GET", "/api/v2/hooks")
  expect(changedTriggers).toEqual(Array(6).fill("pre-user-registration"))
})

test("a hook can be made and changed with a form", async () => {
  const { app, token } = await openApp()
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
  }
  const made = await answerOf(
    await app.request("/api/v2/hooks", {
      method: "POST",
      headers,
      body: "name=my-hook&script=true&triggerId=post-change-password&enabled=true&dependencies[lodash]=4.17.21",
    }),
  )
  expect(made.json()).toMatchObject({
    script: "true",
    enabled: true,
    dependencies: { lodash: "4.17.21" },
  })
  const patched = await app.request(`/api/v2/hooks/${made.json().id}`, {
    method: "PATCH",
    headers,
    body: "enabled=false",
  })
  expect(await patched.json()).toMatchObject({ enabled: false })
})

test("other content types are refused, a missing one is JSON", async () => {
  const { app, token } = await openApp()
  const post = (headers: Record<string, string>) =>
    app.request("/api/v2/hooks", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: new TextEncoder().encode(JSON.stringify(newHook())),
    })
  expect((await post({ "content-type": "text/plain" })).status).toBe(415)
  expect((await post({})).status).toBe(201)
})

test.each(["PUT", "OPTIONS"])("there is no %s", async (method) => {
  const { call } = await openApp()
  const answer = await call(method, `/api/v2/hooks/${UNKNOWN}`)
  expect(answer.status).toBe(404)
  expect(answer.json()).toEqual({
    statusCode: 404,
    error: "Not Found",
    message: "Not Found",
    errorCode: "not_found",
  })
})

test("who makes a hook that is enabled at once must be allowed to switch hooks, too", async () => {
  const { call, tokenWith } = await openApp()
  const token = await tokenWith(["create:hooks"])
  await call("POST", "/api/v2/hooks", { body: newHook({ name: "first", enabled: true }) })
  const refused = await call("POST", "/api/v2/hooks", { token, body: newHook({ enabled: true }) })
  expect([refused.status, refused.json()]).toEqual([
    403,
    {
      statusCode: 403,
      error: "Forbidden",
      message: "Insufficient scope, expected any of: update:hooks",
      errorCode: "insufficient_scope",
    },
  ])
  const both = await tokenWith(["create:hooks", "update:hooks"])
  expect((await call("POST", "/api/v2/hooks", { token, body: newHook({ name: "off" }) })).status).toBe(201)
  const enabled = newHook({ name: "on", enabled: true })
  expect((await call("POST", "/api/v2/hooks", { token: both, body: enabled })).json().enabled).toBe(true)
  const hooks: { name: string; enabled: boolean }[] = (await call("GET", "/api/v2/hooks")).json()
  expect(hooks.filter((hook) => hook.enabled).map((hook) => hook.name)).toEqual(["on"])
})

test("a client that gave up waiting for npm packages may send the same new hook again", async () => {
  let now = Date.now()
  const { call } = await openApp({ now: () => now })
  const body = newHook({ dependencies: { ms: "2.1.3" } })
  const create = (changes: object = {}) => call("POST", "/api/v2/hooks", { body: { ...body, ...changes } })
  const first = await create()
  const again = await create()
  expect([again.status, again.text]).toEqual([201, first.text])
  expect((await create({ script: "2" })).status).toBe(409)
  expect((await create({ dependencies: { ms: "2.0.0" } })).status).toBe(409)
  expect((await create({ triggerId: "send-phone-message" })).status).toBe(409)
  expect((await create({ enabled: true })).status).toBe(409)
  now += 60_001
  expect((await create()).status).toBe(409)
  expect((await call("GET", "/api/v2/hooks")).json()).toHaveLength(1)
})

test("a repeated hook of another client, or without packages, is one whose name is taken", async () => {
  const { call, login } = await openApp()
  const body = newHook({ dependencies: { ms: "2.1.3" } })
  await call("POST", "/api/v2/hooks", { body })
  const made = await call("POST", "/v1/clients", { body: { name: "Other", scopes: ["create:hooks"] } })
  const { id, secret } = made.json()
  const { access_token: token } = (await login({ client_id: id, client_secret: secret })).json()
  expect((await call("POST", "/api/v2/hooks", { token, body })).status).toBe(409)
  await call("POST", "/api/v2/hooks", { body: newHook({ name: "plain" }) })
  expect((await call("POST", "/api/v2/hooks", { body: newHook({ name: "plain" }) })).status).toBe(409)
})
