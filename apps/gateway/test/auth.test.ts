import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { openStorage, revokeClient, rotateSigningKey } from "@hooklane/storage"
import { createLocalJWKSet, decodeProtectedHeader, generateKeyPair, jwtVerify, SignJWT } from "jose"
import { expect, onTestFinished, test } from "vitest"
import { createAccessTokens } from "../src/access-tokens.ts"
import { answerOf, newHook, openApp } from "./open-app.ts"

const ENDPOINTS: [method: string, path: string, scope: string][] = [
  ["GET", "/api/v2/hooks", "read:hooks"],
  ["POST", "/api/v2/hooks", "create:hooks"],
  ["GET", "/api/v2/hooks/1", "read:hooks"],
  ["PATCH", "/api/v2/hooks/1", "update:hooks"],
  ["DELETE", "/api/v2/hooks/1", "delete:hooks"],
  ["GET", "/api/v2/hooks/1/secrets", "read:hooks"],
  ["POST", "/api/v2/hooks/1/secrets", "update:hooks"],
  ["PATCH", "/api/v2/hooks/1/secrets", "update:hooks"],
  ["DELETE", "/api/v2/hooks/1/secrets", "delete:hooks"],
  ["GET", "/v1/hooks/1/versions", "read:hooks"],
  ["GET", "/v1/hooks/1/versions/1", "read:hooks"],
  ["GET", "/v1/clients", "read:clients"],
  ["POST", "/v1/clients", "create:clients"],
  ["POST", "/v1/clients/1/rotate-secret", "update:clients"],
  ["DELETE", "/v1/clients/1", "delete:clients"],
]

test.each(ENDPOINTS)("%s %s needs the scope %s", async (method, path, scope) => {
  const { call, tokenWith } = await openApp()
  const refused = await call(method, path, { token: await tokenWith(["read:nothing"]) })
  expect(refused.status).toBe(403)
  expect(refused.text).toBe(
    `{"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: ${scope}",` +
      '"errorCode":"insufficient_scope"}',
  )
  expect((await call(method, path, { token: await tokenWith([scope]) })).status).not.toBe(403)
})

test.each(ENDPOINTS)("%s %s is closed without a token", async (method, path) => {
  const { app } = await openApp()
  const refused = await answerOf(await app.request(path, { method }))
  expect(refused.status).toBe(401)
  expect(refused.text).toBe('{"statusCode":401,"error":"Unauthorized","message":"Missing authentication"}')
  expect(refused.headers.get("www-authenticate")).toBe("Bearer")
  expect(refused.headers.get("x-ratelimit-limit")).toBeNull()
})

test.each(["Basic YTpi", "Token abc", ""])("authorization %j is none", async (authorization) => {
  const { call } = await openApp()
  const refused = await call("GET", "/api/v2/hooks", { headers: { authorization } })
  expect(refused.json().message).toBe("Missing authentication")
})

test.each(["Bearer", "Bearer abc", "bearer a.b", "Bearer a.b.c d"])(
  "authorization %j is a Bearer of the wrong form",
  async (authorization) => {
    const { call } = await openApp()
    const refused = await call("GET", "/api/v2/hooks", { headers: { authorization } })
    expect(refused.status).toBe(400)
    expect(refused.text).toBe(
      '{"statusCode":400,"error":"Bad Request","message":"Bad HTTP authentication header format",' +
        '"errorCode":"Bearer"}',
    )
  },
)

test("the scheme is Bearer in any case", async () => {
  const { call, token } = await openApp()
  const answer = await call("GET", "/api/v2/hooks", { headers: { authorization: `bearer ${token}` } })
  expect(answer.status).toBe(200)
})

test("an expired token is refused by name", async () => {
  let now = Date.now()
  const { call, config } = await openApp({ now: () => now })
  expect((await call("GET", "/api/v2/hooks")).status).toBe(200)
  now += config.tokenTtlSeconds * 1000 + 1
  const refused = await call("GET", "/api/v2/hooks")
  const message = "Expired token received for JSON Web Token validation"
  expect(refused.status).toBe(401)
  expect(refused.text).toBe(
    `{"statusCode":401,"error":"Unauthorized","message":"${message}","attributes":{"error":"${message}"}}`,
  )
  expect(refused.headers.get("www-authenticate")).toBe(`Bearer error="${message}"`)
})

test("a token that was changed is refused by name", async () => {
  const { call, token } = await openApp()
  const [head, , signature] = token.split(".")
  const claims = Buffer.from(JSON.stringify({ sub: "other@clients", exp: 9_999_999_999 })).toString(
    "base64url",
  )
  const refused = await call("GET", "/api/v2/hooks", { token: `${head}.${claims}.${signature}` })
  expect(refused.status).toBe(401)
  expect(refused.json().message).toBe("Invalid signature received for JSON Web Token validation")
})

test("a token that another key signed is refused", async () => {
  const { call } = await openApp()
  const { privateKey } = await generateKeyPair("RS256")
  const token = await new SignJWT({ scope: "read:hooks" })
    .setProtectedHeader({ alg: "RS256", kid: "other" })
    .setSubject("someone@clients")
    .setAudience("https://hooks.example.com/api/v2/")
    .setExpirationTime("1h")
    .sign(privateKey)
  const refused = await call("GET", "/api/v2/hooks", { token })
  expect([refused.status, refused.json().message]).toEqual([401, "Invalid token"])
})

test.each(["e30.e30.", "a.b.c", `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`])(
  "%s is no token",
  async (token) => {
    const { call } = await openApp()
    const refused = await call("GET", "/api/v2/hooks", { token })
    expect([refused.status, refused.json().message]).toEqual([401, "Invalid token"])
  },
)

test("a token outlives the rotation of the key that signed it", async () => {
  const { call, storage } = await openApp()
  await rotateSigningKey(storage)
  expect((await call("GET", "/api/v2/hooks")).status).toBe(200)
})

test("a token is accepted whose key was made after the keys were last read", async () => {
  let now = Date.now()
  const { call, login, storage } = await openApp({ now: () => now })
  await call("GET", "/api/v2/hooks")
  await rotateSigningKey(storage)
  now += 1_000
  const { access_token: token } = (await login()).json()
  expect((await call("GET", "/api/v2/hooks", { token })).status).toBe(200)
})

test("the first token of a fresh instance is accepted when the key set was read before it", async () => {
  const now = Date.now()
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: createKeyRing(generateMasterKey()) })
  onTestFinished(() => storage.close())
  const tokens = createAccessTokens({ config: { tokenTtlSeconds: 60 }, storage, now: () => now })
  const published = await tokens.publicJwks()
  expect(published.keys).toHaveLength(1)
  const grant = { clientId: "c", scopes: ["read:hooks"], issuer: "https://a/", audience: "https://a/api/v2/" }
  const token = await tokens.issue(grant)
  expect((await tokens.verify(token)).clientId).toBe("c")
  const { payload } = await jwtVerify(token, createLocalJWKSet(published))
  expect(payload.azp).toBe("c")
})

test("tokens are signed with the key that another gateway rotated to, a minute later at most", async () => {
  let now = Date.now()
  const { login, storage } = await openApp({ now: () => now })
  await login()
  const { kid } = await rotateSigningKey(storage)
  now += 60_000
  expect(decodeProtectedHeader((await login()).json().access_token)).toMatchObject({ kid })
})

test("a client that another gateway revoked is out within five seconds", async () => {
  let now = Date.now()
  const { call, storage, client } = await openApp({ now: () => now })
  await call("GET", "/api/v2/hooks")
  await revokeClient(storage, client.id)
  now += 5_000
  const refused = await call("POST", "/api/v2/hooks", { body: newHook() })
  expect([refused.status, refused.json().message]).toEqual([401, "Invalid token"])
})
