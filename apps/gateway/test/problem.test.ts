import { AppError } from "@hooklane/core"
import { expect, test } from "vitest"
import { toAppError } from "../src/problem.ts"
import { answerOf, newHook, openApp } from "./open-app.ts"

test.each(["/", "/api", "/api/v2/nothing", "/v1/nothing"])("%s is not there", async (path) => {
  const { call } = await openApp()
  const answer = await call("GET", path)
  expect(answer.status).toBe(404)
  expect(answer.text).toBe(
    '{"statusCode":404,"error":"Not Found","message":"Not Found","errorCode":"not_found"}',
  )
})

test("an error that nobody foresaw is logged and answered without detail", async () => {
  const { call, storage, logged } = await openApp()
  await call("GET", "/api/v2/hooks")
  await storage.close()
  const answer = await call("GET", "/api/v2/hooks", { headers: { "x-request-id": "req-1" } })
  expect(answer.status).toBe(500)
  expect(answer.text).toBe(
    '{"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred",' +
      '"errorCode":"internal_error"}',
  )
  expect(logged).toContainEqual(
    expect.objectContaining({
      level: 50,
      requestId: "req-1",
      msg: "request failed",
      err: expect.objectContaining({ message: expect.stringContaining("not open") }),
    }),
  )
})

test("errors of ours keep their code, everything else becomes one of ours", () => {
  const ours = new AppError("no_worker", "No worker")
  const foreign = new Error("connect ECONNREFUSED 10.0.0.1")
  expect(toAppError(ours)).toBe(ours)
  expect(toAppError(foreign)).toMatchObject({
    code: "internal_error",
    message: "An internal server error occurred",
    cause: foreign,
  })
})

test("every answer of the Management API carries Auth0's headers", async () => {
  const { app, call } = await openApp({ settings: { maxBodyBytes: 1_024 } })
  const made = await call("POST", "/api/v2/hooks", { body: newHook() })
  const answers = [
    made,
    await call("GET", "/api/v2/hooks"),
    await call("DELETE", `/api/v2/hooks/${made.json().id}`),
    await call("GET", "/api/v2/hooks/unknown"),
    await call("GET", "/api/v2/hooks?page=x"),
    await answerOf(await app.request("/api/v2/hooks")),
    await call("POST", "/api/v2/hooks", { body: newHook({ script: "x".repeat(1_024) }) }),
  ]
  expect(answers.map((answer) => answer.status)).toEqual([201, 200, 204, 404, 400, 401, 413])
  for (const { headers } of answers) {
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8")
    expect(headers.get("cache-control")).toBe("no-cache")
    expect(headers.get("vary")).toBe("origin,accept-encoding")
    expect(headers.get("x-content-type-options")).toBe("nosniff")
  }
})
