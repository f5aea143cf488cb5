import { revokeClient, rotateClientSecret } from "@hooklane/storage"
import { expect, test } from "vitest"
import { openApp } from "./open-app.ts"

test("a new client's secret is shown once and logs it in", async () => {
  const { call, login } = await openApp()
  const made = await call("POST", "/v1/clients", { body: { name: "CI", scopes: ["read:hooks"] } })
  const { secret, ...client } = made.json()
  expect(made.status).toBe(201)
  expect(client).toEqual({
    id: expect.any(String),
    name: "CI",
    scopes: ["read:hooks"],
    createdAt: expect.any(String),
  })
  const granted = await login({ client_id: client.id, client_secret: secret })
  expect(granted.json().scope).toBe("read:hooks")
  const listed = await call("GET", "/v1/clients")
  expect(listed.json()).toContainEqual(client)
  expect(listed.text).not.toContain("secret")
})

test("a client cannot make one that may do more than itself", async () => {
  const { call, tokenWith } = await openApp()
  const token = await tokenWith(["create:clients", "read:hooks"])
  const refused = await call("POST", "/v1/clients", {
    token,
    body: { name: "More", scopes: ["read:hooks", "delete:hooks"] },
  })
  expect(refused.status).toBe(403)
  expect(refused.json()).toMatchObject({
    message: "Insufficient scope, not held by the caller: delete:hooks",
    errorCode: "insufficient_scope",
  })
})

test("a client cannot get the secret of one that may do more than itself", async () => {
  const { call, tokenWith, client } = await openApp()
  const refused = await call("POST", `/v1/clients/${client.id}/rotate-secret`, {
    token: await tokenWith(["update:clients"]),
  })
  expect(refused.status).toBe(403)
})

test("a client cannot end one that may do more than itself", async () => {
  const { call, login, tokenWith, client } = await openApp()
  const refused = await call("DELETE", `/v1/clients/${client.id}`, {
    token: await tokenWith(["delete:clients"]),
  })
  expect([refused.status, refused.json().errorCode]).toEqual([403, "insufficient_scope"])
  expect((await login()).status).toBe(200)
  const made = await call("POST", "/v1/clients", { body: { name: "CI", scopes: ["delete:clients"] } })
  const ended = await call("DELETE", `/v1/clients/${made.json().id}`, {
    token: await tokenWith(["delete:clients"]),
  })
  expect(ended.status).toBe(204)
})

test.each(["here", "at another gateway"])(
  "a client that is revoked %s sees no queue board from then on",
  async (where) => {
    const { app, call, storage, client, secret } = await openApp({
      scopes: ["read:queues", "delete:clients"],
    })
    const headers = { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` }
    const board = () => app.request("/admin/queues", { headers })
    expect((await board()).status).toBe(200)
    expect((await board()).status).toBe(200)
    if (where === "here") await call("DELETE", `/v1/clients/${client.id}`)
    else await revokeClient(storage, client.id)
    expect((await board()).status).toBe(401)
  },
)

test("a secret that was rotated opens no queue board from then on", async () => {
  const { app, storage, client, secret } = await openApp()
  const headers = { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` }
  expect((await app.request("/admin/queues", { headers })).status).toBe(200)
  await rotateClientSecret(storage, client.id)
  expect((await app.request("/admin/queues", { headers })).status).toBe(401)
})

test("a rotated secret takes the place of the old one", async () => {
  const { call, login, client, secret } = await openApp()
  const rotated = await call("POST", `/v1/clients/${client.id}/rotate-secret`)
  expect(rotated.status).toBe(200)
  expect(rotated.json()).toEqual({ id: client.id, secret: expect.any(String) })
  expect((await login({ client_secret: secret })).status).toBe(401)
  expect((await login({ client_secret: rotated.json().secret })).status).toBe(200)
})

test("a revoked client's tokens stop working at once", async () => {
  const { call, login } = await openApp()
  const { id, secret } = (
    await call("POST", "/v1/clients", { body: { name: "CI", scopes: ["read:hooks"] } })
  ).json()
  const { access_token: token } = (await login({ client_id: id, client_secret: secret })).json()
  expect((await call("GET", "/api/v2/hooks", { token })).status).toBe(200)
  const revoked = await call("DELETE", `/v1/clients/${id}`)
  expect([revoked.status, revoked.text]).toEqual([204, ""])
  expect((await call("GET", "/api/v2/hooks", { token })).status).toBe(401)
})

test.each([
  ["POST", "/v1/clients/unknown/rotate-secret"],
  ["DELETE", "/v1/clients/unknown"],
])("%s %s is 404", async (method, path) => {
  const { call } = await openApp()
  const answer = await call(method, path)
  expect(answer.status).toBe(404)
  expect(answer.json().errorCode).toBe("client_not_found")
})

test.each([
  [
    { name: "CI", scopes: ["fly"] },
    "Payload validation error: 'No enum match for: fly' on property scopes[0].",
  ],
  [{ scopes: [] }, "Payload validation error: 'Missing required property: name'."],
  [
    { name: "CI", scopes: [], admin: true },
    "Payload validation error: 'Additional properties not allowed: admin'.",
  ],
  [
    { name: "", scopes: "all" },
    "Payload validation error: 'String is too short (0 chars), minimum 1' on property name. (also) " +
      "Payload validation error: 'Expected type array but found type string' on property scopes.",
  ],
])("a client of %j is refused", async (body, message) => {
  const { call } = await openApp()
  const refused = await call("POST", "/v1/clients", { body })
  expect(refused.status).toBe(400)
  expect(refused.json()).toMatchObject({ message, errorCode: "invalid_body" })
})

test.each([
  ["{", "application/json", 400, "invalid_body"],
  ["name=CI", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
])("a body of %j as %s is answered with %i", async (body, type, status, errorCode) => {
  const { call } = await openApp()
  const refused = await call("POST", "/v1/clients", { body, headers: { "content-type": type } })
  expect(refused.status).toBe(status)
  expect(refused.json().errorCode).toBe(errorCode)
})
