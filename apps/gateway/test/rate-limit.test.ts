import { createClient } from "@hooklane/storage"
import { expect, test } from "vitest"
import { openApp } from "./open-app.ts"

const SECOND = 1_630_700_175

async function openLimitedApp() {
  const clock = { now: SECOND * 1000 }
  const opened = await openApp({
    settings: { rateLimitBurst: 3, rateLimitPerSecond: 2 },
    now: () => clock.now,
  })
  async function status() {
    const { status, headers } = await opened.call("GET", "/api/v2/hooks")
    return [status, headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-reset")]
  }
  return { ...opened, clock, status }
}

test("every answer tells the limit, what is left and when it is whole again in seconds", async () => {
  const { call } = await openLimitedApp()
  const { headers } = await call("GET", "/api/v2/hooks/unknown")
  expect(headers.get("x-ratelimit-limit")).toBe("3")
  expect(headers.get("x-ratelimit-remaining")).toBe("2")
  expect(headers.get("x-ratelimit-reset")).toBe(String(SECOND + 1))
})

test("beyond the burst requests are refused until tokens come back", async () => {
  const { call, clock, status } = await openLimitedApp()
  expect(await status()).toEqual([200, "2", String(SECOND + 1)])
  expect(await status()).toEqual([200, "1", String(SECOND + 1)])
  expect(await status()).toEqual([200, "0", String(SECOND + 2)])
  const refused = await call("GET", "/api/v2/hooks")
  expect(refused.status).toBe(429)
  expect(refused.text).toBe(
    '{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached",' +
      '"errorCode":"too_many_requests"}',
  )
  expect(refused.headers.get("retry-after")).toBe("1")
  expect(refused.headers.get("x-ratelimit-remaining")).toBe("0")
  clock.now += 500
  expect(await status()).toEqual([200, "0", String(SECOND + 2)])
  clock.now += 60_000
  expect(await status()).toEqual([200, "2", String(SECOND + 61)])
})

test("each client has a bucket of its own", async () => {
  const { app, login, status, storage } = await openLimitedApp()
  for (let count = 0; count < 4; count++) await status()
  const { client, secret } = await createClient(storage, { name: "Other", scopes: ["read:hooks"] })
  const { access_token: token } = (await login({ client_id: client.id, client_secret: secret })).json()
  const answer = await app.request("/api/v2/hooks", { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)
})

test("a refusal for want of a scope counts and tells what is left", async () => {
  const { call, tokenWith } = await openLimitedApp()
  const refused = await call("GET", "/api/v2/hooks", { token: await tokenWith(["none"]) })
  expect([refused.status, refused.headers.get("x-ratelimit-remaining")]).toEqual([403, "2"])
})

test("what is Hooklane's own has no such limit", async () => {
  const { call } = await openLimitedApp()
  for (let count = 0; count < 5; count++) {
    const answer = await call("GET", "/v1/clients")
    expect([answer.status, answer.headers.get("x-ratelimit-limit")]).toEqual([200, null])
  }
})

test("a burst of 0 lifts the limit", async () => {
  const { call } = await openApp({ settings: { rateLimitBurst: 0 } })
  const answer = await call("GET", "/api/v2/hooks")
  expect([answer.status, answer.headers.get("x-ratelimit-limit")]).toEqual([200, null])
})
