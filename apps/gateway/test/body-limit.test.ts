import { expect, test } from "vitest"
import { newHook, openApp } from "./open-app.ts"

const TOO_LARGE = {
  statusCode: 413,
  error: "Payload Too Large",
  message: "Payload content length greater than maximum allowed: 2000",
  errorCode: "payload_too_large",
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}

test("a body that says it is too large is refused", async () => {
  const { call } = await openApp({ settings: { maxBodyBytes: 2_000 } })
  const body = JSON.stringify(newHook({ script: "x".repeat(2_000) }))
  const refused = await call("POST", "/api/v2/hooks", {
    body,
    headers: { "content-length": String(body.length) },
  })
  expect(refused.json()).toEqual(TOO_LARGE)
})

test.each([
  [1_000, 201],
  [2_000, 413],
])("a streamed body with a script of %i characters is answered with %i", async (length, status) => {
  const { app, token } = await openApp({ settings: { maxBodyBytes: 2_000 } })
  const answer = await app.request("/api/v2/hooks", {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: streamOf(JSON.stringify(newHook({ script: "x".repeat(length) }))),
    duplex: "half",
  })
  expect(answer.status).toBe(status)
  if (status === 413) expect(await answer.json()).toEqual(TOO_LARGE)
})
