import { expect, test } from "vitest"
import { openApp } from "./open-app.ts"

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

test("a request is one line with its ids, without its query", async () => {
  const { call, logged, client } = await openApp()
  const answer = await call("GET", "/api/v2/hooks?fields=id", {
    headers: { traceparent: TRACEPARENT, "x-request-id": "req-1" },
  })
  expect(answer.headers.get("x-request-id")).toBe("req-1")
  expect(logged).toEqual([
    expect.objectContaining({
      msg: "request answered",
      requestId: "req-1",
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      clientId: client.id,
      method: "GET",
      path: "/api/v2/hooks",
      status: 200,
      ms: expect.any(Number),
    }),
  ])
  expect(JSON.stringify(logged)).not.toContain("fields")
})

test.each(["nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"])(
  "the trace context %s is not taken over",
  async (traceparent) => {
    const { call, logged } = await openApp()
    await call("GET", "/api/v2/hooks", { headers: { traceparent } })
    expect(logged[0]).not.toHaveProperty("traceId")
  },
)

test("a request without an id gets one", async () => {
  const { call, logged } = await openApp()
  const answer = await call("GET", "/api/v2/hooks", { headers: { "x-request-id": "two\twords" } })
  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  expect(logged[0]).toMatchObject({ requestId: answer.headers.get("x-request-id") })
})
