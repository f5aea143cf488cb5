import { createServer } from "node:http"
import type { RunReport } from "@hooklane/core"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
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

test("what is still under way at the limit is cut, and said", async () => {
  const report = await runBody(
    executors,
    `${POST} post("/never-1"); setTimeout(() => {}, 60_000); setTimeout(() => {}, 60_000); cb()`,
    { secrets: { ORIGIN: origin }, timeoutMs: 1_000 },
  )
  expect(report.outcome.status).toBe("returned")
  expect(report.afterAnswer).toMatchObject({
    cut: ["2 timers", `1 connection to ${new URL(origin).host}`],
    outcome: { status: "timed_out" },
  })
  expect(report.afterAnswer?.ms).toBeLessThan(5_000)
})

test.each([
  ["an interval", "setInterval(() => {}, 60_000)", ["1 interval"]],
  ["a timer that was unreffed", "setTimeout(() => {}, 60_000).unref()", undefined],
])("%s does not hold a run", async (_what, script, cut) => {
  const report = await runBody(executors, `${script}; cb()`, { timeoutMs: 20_000 })
  expect(report.afterAnswer?.cut).toEqual(cut)
  expect(report.afterAnswer?.outcome).toBeUndefined()
  expect(report.afterAnswer?.ms ?? 0).toBeLessThan(10_000)
})

test.each([
  ["agent: new (require('http').Agent)({ keepAlive: true })", "http"],
  ["", "fetch"],
])("a connection that an agent keeps does not hold a run: %s", async (_options, by) => {
  const path = `/kept-${by}`
  const script =
    by === "fetch"
      ? `fetch(context.webtask.secrets.ORIGIN + "${path}", { method: "POST", body: "x" }).then((res) => res.text()).then(() => cb())`
      : `require("http").request(context.webtask.secrets.ORIGIN + "${path}", { method: "POST", agent: new (require("http").Agent)({ keepAlive: true }) }, (res) => res.resume().on("end", () => cb())).end("x")`
  const report = await runBody(executors, script, { secrets: { ORIGIN: origin }, timeoutMs: 20_000 })
  expect(bodies[path]).toEqual(["x"])
  expect(report.afterAnswer?.cut ?? []).toEqual([])
  expect(report.afterAnswer?.ms ?? 0).toBeLessThan(10_000)
})

test("a connection on which nothing moves is cut, and said", async () => {
  const body = `
    const { hostname, port } = new URL(context.webtask.secrets.ORIGIN)
    const socket = require("net").connect(port, hostname, () => socket.write("GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n"))
    socket.once("data", () => cb())`
  const report = await runBody(executors, body, { secrets: { ORIGIN: origin }, timeoutMs: 20_000 })
  expect(report.afterAnswer?.cut).toEqual([`1 idle connection to ${new URL(origin).host}`])
  expect(report.afterAnswer?.outcome).toBeUndefined()
})

describe("waitUntil", () => {
  test("holds a run until its promise is settled", async () => {
    const body = `
      const slow = fetch(context.webtask.secrets.ORIGIN + "/slow-wait").then(() => console.log("settled"))
      context.webtask.waitUntil(slow); cb()`
    const { logs, afterAnswer } = await runBody(executors, body, {
      secrets: { ORIGIN: origin },
      timeoutMs: 60_000,
    })
    expect(logs.map(({ message }) => message)).toEqual(["settled"])
    expect(afterAnswer?.cut).toEqual([])
  })

  test("works in a hook that declares no callback", async () => {
    const script = `module.exports = async (user, context) => {
      context.webtask.waitUntil(new Promise((resolve) => setTimeout(resolve, 50)).then(() => console.log("settled")))
    }`
    const { logs, outcome } = await executors.run(taskOf(script), noAbort)
    expect(outcome.status).toBe("returned")
    expect(logs.map(({ message }) => message)).toEqual(["settled"])
  })

  test("says what a promise failed with", async () => {
    const { outcome, afterAnswer } = await runBody(
      executors,
      "context.webtask.waitUntil(Promise.reject(new TypeError('no'))); cb()",
    )
    expect(outcome.status).toBe("returned")
    expect(afterAnswer?.outcome).toMatchObject({
      status: "threw",
      error: { name: "TypeError", message: "no" },
    })
  })

  test("is told among what was cut", async () => {
    const { afterAnswer } = await runBody(
      executors,
      "context.webtask.waitUntil(new Promise(() => {})); cb()",
      { timeoutMs: 300 },
    )
    expect(afterAnswer).toMatchObject({ cut: ["1 promise of waitUntil"], outcome: { status: "timed_out" } })
  })
})

test.each([
  ["an exception in a timer", "setTimeout(() => { throw new TypeError('later') }, 10); cb()"],
  ["a promise that nobody caught", "cb(); Promise.reject(new TypeError('later'))"],
  ["an exception after the answer", "cb(); throw new TypeError('later')"],
])("%s is told, and the answer stands", async (_what, body) => {
  const { outcome, afterAnswer } = await runBody(executors, body)
  expect(outcome).toEqual({ status: "returned", value: {} })
  expect(afterAnswer?.outcome).toMatchObject({
    status: "threw",
    error: { name: "TypeError", message: "later" },
  })
})

test("process.exit after the answer ends the run", async () => {
  const body = "setTimeout(() => console.log('never'), 5_000); cb(); process.nextTick(() => process.exit(0))"
  const { outcome, logs, afterAnswer } = await runBody(executors, body)
  expect(outcome.status).toBe("returned")
  expect(logs).toEqual([])
  expect(afterAnswer?.outcome).toBeUndefined()
})

test("code that does not let go of its thread is stopped at the limit", async () => {
  const early = Promise.withResolvers<RunReport>()
  const script = "module.exports = (user, context, cb) => { cb(null, { ok: true }); for (;;); }"
  const task = { ...taskOf(script, { timeoutMs: 800 }), onAnswered: early.resolve }
  const ended = executors.run(task, noAbort)
  expect((await early.promise).outcome).toEqual({ status: "returned", value: { ok: true } })
  const { outcome, afterAnswer, kill } = await ended
  expect(outcome.status).toBe("returned")
  expect(afterAnswer?.outcome?.status).toBe("timed_out")
  expect(kill?.reason).toBe("wall_time")
})

test("runs of others begin meanwhile, apart from it", async () => {
  const script = `module.exports = (user, context, cb) => {
    if (user.later) setTimeout(() => console.log("later"), 2_000)
    cb(null, Object.keys(user))
  }`
  const runWith = (user: object, onAnswered?: (report: RunReport) => void) => {
    const task = taskOf(script, { versionId: "apart", event: { user, context: { connection: {} } } })
    return executors.run({ ...task, ...(onAnswered && { onAnswered }) }, noAbort)
  }
  const answered = [1, 2].map(() => {
    const early = Promise.withResolvers<RunReport>()
    return { ended: runWith({ later: true }, early.resolve), early: early.promise }
  })
  await Promise.all(answered.map(({ early }) => early))
  let isOver = false
  const ends = Promise.all(answered.map(({ ended }) => ended)).then((reports) => {
    isOver = true
    return reports
  })
  const others = await Promise.all([runWith({}), runWith({})])
  expect(isOver).toBe(false)
  expect(others.map(({ logs, afterAnswer }) => ({ logs, afterAnswer }))).toEqual([
    { logs: [], afterAnswer: undefined },
    { logs: [], afterAnswer: undefined },
  ])
  for (const { logs } of await ends) expect(logs.map(({ message }) => message)).toEqual(["later"])
})

test("a run that leaves nothing is told once", async () => {
  const onAnswered = vi.fn()
  const script = "module.exports = (user, context, cb) => { setTimeout(() => cb(), 20) }"
  const report = await executors.run({ ...taskOf(script), onAnswered }, noAbort)
  expect(report).not.toHaveProperty("afterAnswer")
  expect(onAnswered).not.toHaveBeenCalled()
})
