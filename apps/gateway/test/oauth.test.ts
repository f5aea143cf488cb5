import { createClient, revokeClient } from "@hooklane/storage"
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose"
import { expect, test } from "vitest"
import { answerOf, openApp } from "./open-app.ts"

const DENIED = '{"error":"access_denied","error_description":"Unauthorized"}'

test("a client gets a token that says who it is and what it may do", async () => {
  const now = 1_700_000_000_000
  const { login, client } = await openApp({ scopes: ["read:hooks", "create:hooks"], now: () => now })
  const granted = await login()
  const { access_token: token, ...rest } = granted.json()
  expect(granted.status).toBe(200)
  expect(granted.headers.get("cache-control")).toBe("no-store")
  expect(rest).toEqual({ scope: "read:hooks create:hooks", expires_in: 86_400, token_type: "Bearer" })
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "RS256", typ: "JWT" })
  expect(decodeJwt(token)).toEqual({
    iss: "https://hooks.example.com:8443/",
    sub: `${client.id}@clients`,
    aud: "https://hooks.example.com:8443/api/v2/",
    iat: now / 1000,
    exp: now / 1000 + 86_400,
    azp: client.id,
    gty: "client-credentials",
    scope: "read:hooks create:hooks",
  })
})

test("the token can be checked with the published keys, and opens the API", async () => {
  const { app, login, call } = await openApp()
  const { access_token: token } = (await login()).json()
  const published = await answerOf(await app.request("/.well-known/jwks.json"))
  const { payload } = await jwtVerify(token, createLocalJWKSet(published.json()))
  expect(payload.gty).toBe("client-credentials")
  expect(published.json().keys[0]).toMatchObject({ kty: "RSA", use: "sig", alg: "RS256" })
  expect(published.text).not.toContain('"d":')
  expect((await call("GET", "/api/v2/hooks", { token })).status).toBe(200)
})

test("the public address of the gateway is the issuer", async () => {
  const { login } = await openApp({ settings: { publicUrl: "https://public.example.com/t1/" } })
  const claims = decodeJwt((await login()).json().access_token)
  expect([claims.iss, claims.aud]).toEqual([
    "https://public.example.com/t1/",
    "https://public.example.com/t1/api/v2/",
  ])
})

test("behind TLS the issuer is what a trusted proxy says, unless the address is set", async () => {
  const forwarded = { headers: { "x-forwarded-proto": "http" } }
  const issuerFor = async (settings: { publicUrl?: string }, address: string) => {
    const { login } = await openApp({ settings })
    return decodeJwt((await login({}, { address, ...forwarded })).json().access_token).iss
  }
  expect(await issuerFor({}, "127.0.0.1")).toBe("http://hooks.example.com:8443/")
  expect(await issuerFor({}, "203.0.113.7")).toBe("https://hooks.example.com:8443/")
  expect(await issuerFor({ publicUrl: "https://public.example.com" }, "127.0.0.1")).toBe(
    "https://public.example.com/",
  )
})

test.each([
  "https://localhost:8443/api/v2/",
  "https://my-tenant.eu.auth0.com/api/v2/",
  "http://localhost:3000/t1/api/v2/",
  "https://localhost/api/v2",
])("the audience %s is accepted as a client wrote it", async (audience) => {
  const { login, call } = await openApp()
  const { access_token: token } = (await login({ audience })).json()
  expect(decodeJwt(token).aud).toBe(audience)
  expect((await call("GET", "/api/v2/hooks", { token })).status).toBe(200)
})

test.each(["https://my-api.example.com/", "api/v2/", "https://example.com/api/v2/users"])(
  "there is no service %s",
  async (audience) => {
    const { login } = await openApp()
    const refused = await login({ audience })
    expect(refused.status).toBe(403)
    expect(refused.json()).toEqual({
      error: "access_denied",
      error_description: `Service not found: ${audience}`,
    })
  },
)

test("a client may ask for less than it is allowed, and gets no more", async () => {
  const { login } = await openApp({ scopes: ["read:hooks", "create:hooks"] })
  const granted = await login({ scope: "delete:hooks read:hooks" })
  expect(granted.json().scope).toBe("read:hooks")
})

test("a form is accepted too", async () => {
  const { app, client, secret } = await openApp()
  const granted = await app.request("/oauth/token", {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client.id,
      client_secret: secret,
      audience: "",
    }),
  })
  expect(granted.status).toBe(200)
})

test("id and secret may come as HTTP Basic", async () => {
  const { app, client, secret } = await openApp()
  const granted = await app.request("/oauth/token", {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  })
  expect(granted.status).toBe(200)
})

test.each([
  ["a wrong secret", { client_secret: "wrong" }],
  ["no secret", { client_secret: undefined }],
  ["an empty secret", { client_secret: "" }],
  ["an unknown client", { client_id: "unknown" }],
  ["no client", { client_id: undefined }],
])("%s is denied", async (_, request) => {
  const { login } = await openApp()
  const refused = await login(request)
  expect([refused.status, refused.text]).toEqual([401, DENIED])
})

test("a revoked client is denied", async () => {
  const { login, storage, client } = await openApp()
  await revokeClient(storage, client.id)
  const refused = await login()
  expect([refused.status, refused.text]).toEqual([401, DENIED])
})

test.each([
  [{ grant_type: "password" }, 400, "unsupported_grant_type", "Unsupported grant type: password"],
  [
    { grant_type: undefined },
    400,
    "invalid_request",
    "Payload validation error: 'Missing required property: grant_type'.",
  ],
])("%j is refused in OAuth's words", async (request, status, error, description) => {
  const { login } = await openApp()
  const refused = await login(request)
  expect(refused.status).toBe(status)
  expect(refused.text).toBe(JSON.stringify({ error, error_description: description }))
})

test("who sends ten wrong secrets is told to wait, and those who send the right one never are", async () => {
  let now = Date.now()
  const { login } = await openApp({ now: () => now })
  const attacker = { address: "203.0.113.7" }
  for (let count = 0; count < 10; count++) {
    expect((await login({ client_secret: `guess-${count}` }, attacker)).status).toBe(401)
  }
  const refused = await login({ client_secret: "guess" }, attacker)
  expect([refused.status, refused.json().error]).toEqual([429, "too_many_attempts"])
  expect(refused.headers.get("retry-after")).toBe("6")
  expect((await login({}, attacker)).status).toBe(200)
  expect((await login({}, { address: "203.0.113.8" })).status).toBe(200)
  now += 6_000
  expect((await login({ client_secret: "guess" }, attacker)).status).toBe(401)
})

test("wrong secrets are counted for their address and their id", async () => {
  const { login } = await openApp()
  const guess = { client_secret: "guess" }
  const attacker = { address: "203.0.113.7" }
  for (let count = 0; count < 11; count++) await login(guess, attacker)
  expect((await login(guess, attacker)).status).toBe(429)
  expect((await login({ ...guess, client_id: "other" }, attacker)).status).toBe(401)
  expect((await login(guess, { address: "203.0.113.8" })).status).toBe(401)
})

test("during a flood of made-up ids from many addresses a client that never was here gets in", async () => {
  const { login, storage } = await openApp()
  const { client, secret } = await createClient(storage, { name: "New", scopes: ["read:hooks"] })
  const flood = Array.from({ length: 500 }, (_, count) =>
    login({ client_id: `made-up-${count}` }, { address: `198.51.100.${count % 250}` }),
  )
  expect((await login({ client_id: client.id, client_secret: secret })).status).toBe(200)
  expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([401]))
})

test.each([
  ["nothing", ""],
  ["a blank", "a b"],
  ["a zero byte", "id\u0000"],
  ["half a character", "\ud800"],
  ["256 letters", "x".repeat(256)],
])("an id of %s is nobody's", async (_, id) => {
  const { login } = await openApp()
  expect((await login({ client_id: id })).status).toBe(401)
})

test("a wrong secret costs so little that nobody has to be kept from trying", async () => {
  const { login } = await openApp()
  await login({ client_secret: "warm-up" })
  const before = process.cpuUsage()
  for (let count = 0; count < 200; count++) await login({ client_secret: `guess-${count}` })
  const { user, system } = process.cpuUsage(before)
  // A slow hash would take 80 ms each, of this process' other threads.
  expect((user + system) / 1_000 / 200).toBeLessThan(20)
})

test("neither secret nor token is logged", async () => {
  const { login, secret, logged } = await openApp()
  const { access_token: token } = (await login()).json()
  const written = JSON.stringify(logged)
  expect(written).toContain("/oauth/token")
  expect(written).not.toContain(secret)
  expect(written).not.toContain(token)
})
