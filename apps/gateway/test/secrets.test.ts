import { expect, test } from "vitest"
import { newHook, type OpenAppOptions, openApp } from "./open-app.ts"

async function openAppWithHook(options: OpenAppOptions = {}) {
  const opened = await openApp(options)
  const { id } = (await opened.call("POST", "/api/v2/hooks", { body: newHook() })).json()
  return { ...opened, path: `/api/v2/hooks/${id}/secrets`, id: String(id) }
}

test("a hook without secrets answers an empty object", async () => {
  const { call, path } = await openAppWithHook()
  const read = await call("GET", path)
  expect([read.status, read.text]).toEqual([200, "{}"])
})

test("secrets are shown by name, masked, in the order in which they were added", async () => {
  const { call, path } = await openAppWithHook()
  const added = await call("POST", path, { body: { ZULU: "one", alpha: "two" } })
  expect([added.status, added.text]).toEqual([201, "{}"])
  await call("POST", path, { body: { "with-dash": "three" } })
  expect((await call("GET", path)).text).toBe(
    '{"ZULU":"_VALUE_NOT_SHOWN_","alpha":"_VALUE_NOT_SHOWN_","with-dash":"_VALUE_NOT_SHOWN_"}',
  )
})

test("PATCH answers 201 and leaves the other secrets alone", async () => {
  const { call, path } = await openAppWithHook()
  await call("POST", path, { body: { ONE: "1", TWO: "2" } })
  const patched = await call("PATCH", path, { body: { TWO: "3" } })
  expect([patched.status, patched.text]).toEqual([201, "{}"])
  expect((await call("GET", path)).text).toBe('{"ONE":"_VALUE_NOT_SHOWN_","TWO":"_VALUE_NOT_SHOWN_"}')
})

test("DELETE takes the names in its body and does not mind unknown ones", async () => {
  const { call, path } = await openAppWithHook()
  await call("POST", path, { body: { ONE: "1", TWO: "2" } })
  const deleted = await call("DELETE", path, { body: ["ONE", "NEVER"] })
  expect([deleted.status, deleted.text]).toEqual([204, ""])
  expect(deleted.headers.get("content-type")).toBe("application/json; charset=utf-8")
  expect((await call("GET", path)).text).toBe('{"TWO":"_VALUE_NOT_SHOWN_"}')
})

test("a secret that exists cannot be posted again", async () => {
  const { call, path } = await openAppWithHook()
  await call("POST", path, { body: { ONE: "1" } })
  const again = await call("POST", path, { body: { TWO: "2", ONE: "1" } })
  expect(again.status).toBe(409)
  expect(again.text).toBe(
    '{"statusCode":409,"error":"Conflict","message":"Secret with the same name already exists.",' +
      '"errorCode":"SecretAlreadyExists"}',
  )
  expect((await call("GET", path)).text).toBe('{"ONE":"_VALUE_NOT_SHOWN_"}')
})

test("a secret that exists can be posted again where the setting says so", async () => {
  const { call, path } = await openAppWithHook({ settings: { secretsUpsert: true } })
  await call("POST", path, { body: { ONE: "1", TWO: "2" } })
  expect((await call("POST", path, { body: { THREE: "3", ONE: "4" } })).status).toBe(201)
  expect(Object.keys((await call("GET", path)).json())).toEqual(["ONE", "TWO", "THREE"])
})

test("an unknown secret cannot be changed", async () => {
  const { call, path } = await openAppWithHook()
  const patched = await call("PATCH", path, { body: { NEVER: "1" } })
  expect(patched.status).toBe(404)
  expect(patched.json()).toEqual({
    statusCode: 404,
    error: "Not Found",
    message: "Hook or secret not found.",
    errorCode: "SecretDoesNotExist",
  })
})

test.each([false, true])("the 21st secret is refused (posting twice allowed: %s)", async (secretsUpsert) => {
  const { call, path } = await openAppWithHook({ settings: { secretsUpsert } })
  const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`KEY_${index}`, "value"]))
  expect((await call("POST", path, { body: twenty })).status).toBe(201)
  const refused = await call("POST", path, { body: { ONE_MORE: "value" } })
  expect(refused.status).toBe(400)
  expect(refused.json()).toMatchObject({
    message: "Payload validation error: 'Too many properties defined (21), maximum 20'.",
    errorCode: "invalid_body",
  })
})

test.each([
  ["POST", {}, "'Too few properties defined (0), minimum 1'"],
  ["POST", { KEY: 1 }, "'Expected type string but found type integer' on property KEY (Value of the secret)"],
  [
    "PATCH",
    { KEY: "x".repeat(16_385) },
    "'String is too long (16385 chars), maximum 16384' on property KEY (Value of the secret)",
  ],
  ["PATCH", ["KEY"], "'Expected type object but found type array'"],
  ["DELETE", [], "'Array is too short (0), minimum 1'"],
  ["DELETE", { KEY: "x" }, "'Expected type array but found type object'"],
  ["DELETE", ["KEY", 1], "'Expected type string but found type integer' on property [1] (Name of a secret)"],
])("%s of %j is refused", async (method, body, fault) => {
  const { call, path } = await openAppWithHook()
  const refused = await call(method, path, { body })
  expect(refused.status).toBe(400)
  expect(refused.json()).toMatchObject({
    message: `Payload validation error: ${fault}.`,
    errorCode: "invalid_body",
  })
})

test("no answer and no log line ever holds a secret's value", async () => {
  const { call, path, id, logged } = await openAppWithHook()
  const value = "correct horse battery staple"
  const answers = [
    await call("POST", path, { body: { KEY: value } }),
    await call("POST", path, { body: { KEY: value } }),
    await call("PATCH", path, { body: { KEY: value, NEVER: value } }),
    await call("POST", path, { body: `{"KEY":"${value}` }),
    await call("GET", path),
    await call("GET", `/api/v2/hooks/${id}`),
    await call("GET", `/v1/hooks/${id}/versions/2`),
  ]
  const written = answers.map((answer) => answer.text).join() + JSON.stringify(logged)
  expect(written).not.toContain(value)
})

test("a name that would be lost on the way is refused, and nothing else of the body is taken", async () => {
  const { call, path, id } = await openAppWithHook()
  for (const method of ["POST", "PATCH"]) {
    const refused = await call(method, path, { body: '{"__proto__":"1","ONE":"2"}' })
    expect([refused.status, refused.json().message]).toEqual([
      400,
      "Payload validation error: 'Additional properties not allowed: __proto__'.",
    ])
  }
  expect((await call("GET", path)).text).toBe("{}")
  const dependencies = '{"dependencies":{"__proto__":"1.0.0"}}'
  const hook = await call("PATCH", `/api/v2/hooks/${id}`, { body: dependencies })
  expect([hook.status, hook.json().message]).toEqual([
    400,
    "Payload validation error: 'Additional properties not allowed: __proto__' on property dependencies.",
  ])
})

test("names that objects have of themselves are names like others", async () => {
  const { call, path } = await openAppWithHook()
  const names = ["constructor", "prototype", "toString", "hasOwnProperty"]
  const body = Object.fromEntries(names.map((name) => [name, "1"]))
  expect((await call("PATCH", path, { body })).status).toBe(404)
  expect((await call("POST", path, { body })).status).toBe(201)
  expect((await call("POST", path, { body })).status).toBe(409)
  expect((await call("PATCH", path, { body })).status).toBe(201)
  expect(Object.keys((await call("GET", path)).json())).toEqual(names)
  await call("DELETE", path, { body: ["constructor"] })
  expect(Object.keys((await call("GET", path)).json())).toEqual(names.slice(1))
})
