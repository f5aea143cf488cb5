import { createServer } from "node:http"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"

/** Takes POST requests; what their bodies were, by path. `/slow` answers after 300 ms, `/never` does not. */
const bodies: Record<string, string[]> = {}
const server = createServer((request, response) => {
  const path = request.url ?? ""
  let body = ""
  request.on("data", (part) => {
    body += part
  })
  request.on("end", () => {
    bodies[path] = [...(bodies[path] ?? []), body]
    if (path.startsWith("/never")) return
    setTimeout(() => response.end('{"ok":true}'), path.startsWith("/slow") ? 300 : 0)
  })
})
let executors: Executors
let origin = ""

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address ? address.port : 0
  origin = `http://127.0.0.1:${port}`
  executors = await start({
    egress: { mode: "public", allow: [], exceptions: [{ host: "127.0.0.1", port }] },
  })
})

afterAll(async () => {
  await executors.close()
  server.closeAllConnections()
  server.close()
})

const POST = `
  const post = (path) => {
    const body = "x".repeat(100_000)
    const call = require("http").request(context.webtask.secrets.ORIGIN + path, { method: "POST", headers: { "content-length": body.length } }, (res) => {
      res.resume()
      res.on("end", () => console.log(path, res.statusCode))
    })
    call.on("error", (e) => console.error(e.message))
    call.end(body)
  };`

test("a request that was begun before the answer reaches its server whole", async () => {
  const report = await runBody(executors, `${POST} post("/before"); cb()`, { secrets: { ORIGIN: origin } })
  expect(report.outcome).toEqual({ status: "returned", value: {} })
  expect(bodies["/before"]).toEqual(["x".repeat(100_000)])
  expect(report.logs.map(({ message }) => message)).toEqual(["/before 200"])
  expect(report.calls?.[0]?.bytesOut).toBeGreaterThan(100_000)
  expect(report.afterAnswer).toEqual({ ms: expect.any(Number), cut: [] })
})

test("a timer after the answer fires", async () => {
  const report = await runBody(executors, "setTimeout(() => console.log('later'), 50); cb()")
  expect(report.logs.map(({ message }) => message)).toEqual(["later"])
})

test("a caller is answered at once", async () => {
  const early = Promise.withResolvers<number>()
  const startedAt = performance.now()
  const task = {
    ...taskOf(
      "module.exports = (user, context, cb) => { setTimeout(() => console.log('later'), 1_000); cb() }",
    ),
    onAnswered: () => early.resolve(performance.now() - startedAt),
  }
  const ended = executors.run(task, noAbort)
  const answeredMs = await early.promise
  const report = await ended
  expect(performance.now() - startedAt - answeredMs).toBeGreaterThan(500)
  expect(report.logs).toHaveLength(1)
})
