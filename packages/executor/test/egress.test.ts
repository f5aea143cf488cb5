import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import { createServer as createTcpServer, type Server } from "node:net"
import { TLSSocket } from "node:tls"
import type { OutboundCall, RunReport } from "@hooklane/core"
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { issueCertificate } from "../../../scripts/tls/certificate.ts"
import type { Executors, ExecutorsOptions } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"
import { readCases } from "./hostile/read-case.ts"

type Egress = NonNullable<ExecutorsOptions["egress"]>

let port = 0
let otherPort = 0
/** Who came where no rule lets anybody. */
let strays = 0
let executors: Executors | undefined

beforeAll(async () => {
  const http = createServer((request, response) => {
    request.resume()
    const location = `http://127.0.0.1:${otherPort}/`
    if (request.url === "/redirect") response.writeHead(302, { location })
    if (request.url === "/much") response.end(Buffer.alloc(12 * 1024 * 1024))
    else response.end(`you asked for ${request.url}`)
  })
  const stray = createTcpServer((socket) => {
    strays += 1
    socket.destroy()
  })
  port = await listen(http)
  otherPort = await listen(stray)
  return () => {
    http.closeAllConnections()
    http.close()
    stray.close()
  }
})

afterEach(() => executors?.close())

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const address = server.address()
  if (typeof address !== "object" || !address) throw new Error("not listening")
  return address.port
}

/** The address of the server as an exception, under some rule for all others. */
function exceptFor(mode: Egress["mode"] = "public"): Egress {
  return { mode, allow: [], exceptions: [{ host: "127.0.0.1", port }] }
}

async function run(egress: Egress, script: string): Promise<RunReport> {
  executors = await start({ egress, threads: 1 })
  return executors.run(taskOf(script), noAbort)
}

const fetching = (path: string) =>
  `module.exports = async () => (await fetch("http://127.0.0.1:${port}${path}")).text()`

function callsOf({ calls = [] }: RunReport): Pick<OutboundCall, "host" | "port" | "allowed">[] {
  return calls.map(({ host, port: to, allowed }) => ({ host, port: to, allowed }))
}

describe("a service with an exception is reached", () => {
  const WAYS = {
    http: `require("http").get(URL, (r) => r.setEncoding("utf8").once("data", (text) => cb(null, text))).on("error", cb)`,
    fetch: "fetch(URL).then((r) => r.text()).then((text) => cb(null, text), cb)",
    net: `const socket = require("net").connect(PORT, "127.0.0.1", () => socket.write("GET /net HTTP/1.0\\r\\n\\r\\n"))
      let text = ""
      socket.setEncoding("utf8").on("data", (more) => text += more).on("error", cb)
      socket.on("end", () => cb(null, text.slice(text.indexOf("you"))))`,
    "net.Socket": `const socket = new (require("net").Socket)()
      socket.setTimeout(5000).connect({ port: PORT, host: "127.0.0.1" })
      let text = ""
      socket.setEncoding("utf8").on("data", (more) => text += more).on("error", cb)
      socket.on("close", () => cb(null, text.slice(text.indexOf("you"))))
      socket.end("GET /net.Socket HTTP/1.0\\r\\n\\r\\n")`,
  }
  test.each(Object.entries(WAYS))("with %s, run after run", async (name, body) => {
    executors = await start({ egress: exceptFor(), threads: 1 })
    const url = JSON.stringify(`http://127.0.0.1:${port}/${name}`)
    const text = body.replaceAll("URL", url).replaceAll("PORT", String(port))
    const task = taskOf(`module.exports = (user, context, cb) => { ${text} }`)
    for (const _ of [1, 2, 3]) {
      const report = await executors.run(task, noAbort)
      expect(report.outcome).toEqual({ status: "returned", value: `you asked for /${name}` })
      expect(callsOf(report)).toEqual([{ host: "127.0.0.1", port, allowed: true }])
    }
  })

  test("and its call is listed with its size and its time", async () => {
    const { calls } = await run(exceptFor(), fetching("/listed"))
    expect(calls).toMatchObject([{ host: "127.0.0.1", port, allowed: true }])
    expect(calls?.[0]?.bytesIn).toBeGreaterThan(20)
    expect(calls?.[0]?.bytesOut).toBeGreaterThan(20)
    expect(calls?.[0]?.durationMs).toBeGreaterThanOrEqual(0)
  })

  test("under an allowlist, too", async () => {
    const { outcome } = await run(exceptFor("allowlist"), fetching("/a"))
    expect(outcome).toEqual({ status: "returned", value: "you asked for /a" })
  })
})

describe("a connection is refused, and listed with the reason,", () => {
  test.each([
    ["under none, exceptions and all", "none", ""],
    ["when the hook wants none", "public", "// hooklane: egress=none\n"],
    ["when the hook wants other hosts", "public", "// hooklane: egress=api.example.com,*.example.org:443\n"],
  ] as const)("%s", async (_, mode, head) => {
    const report = await run(exceptFor(mode), head + fetching("/"))
    expect(report.outcome.status).toBe("rejected")
    expect(report.calls).toMatchObject([
      {
        host: "127.0.0.1",
        port,
        allowed: false,
        refusal: "rules",
        problem: expect.stringMatching(/EACCES .*rules/),
      },
    ])
  })

  test("where a redirect leads to one that is not allowed", async () => {
    const report = await run(exceptFor(), fetching("/redirect"))
    expect(report.outcome.status).toBe("rejected")
    expect(callsOf(report)).toEqual([
      { host: "127.0.0.1", port, allowed: true },
      { host: "127.0.0.1", port: otherPort, allowed: false },
    ])
    expect(strays).toBe(0)
  })

  test("for a host that is not in the allowlist, without asking for its address", async () => {
    const allow = [{ host: "*.example.com" }]
    const script = `module.exports = async () => (await fetch("http://example.invalid/")).status`
    const { calls } = await run({ mode: "allowlist", allow, exceptions: [] }, script)
    expect(calls).toMatchObject([{ allowed: false, problem: expect.stringMatching(/rules/) }])
  })

  test("to the port of mail between servers", async () => {
    const script = `module.exports = (user, context, cb) => require("net").connect(25, "192.0.43.8").on("error", cb)`
    expect(callsOf(await run(exceptFor(), script))).toEqual([
      { host: "192.0.43.8", port: 25, allowed: false },
    ])
  })
})

test.each(readCases("net-"))("$id: $mustHold", async ({ script, trigger: triggerId, payload }) => {
  executors = await start({ threads: 1 })
  const report = await executors.run(taskOf(script, { triggerId, event: payload }), noAbort)
  expect(report.outcome.status).toBe("returned")
  expect(report.calls?.length).toBeGreaterThan(0)
  for (const call of report.calls ?? [])
    expect(call).toMatchObject({ allowed: false, refusal: "private_address" })
})

test("a metadata service is refused by its name, without asking for its address", async () => {
  const script = `module.exports = async () => {
    const names = ["metadata.google.internal", "METADATA.google.internal.", "metadata.packet.net"]
    return Promise.all(names.map((name) => fetch("http://" + name + "/").catch(({ cause }) => cause.code)))
  }`
  const report = await run(exceptFor(), script)
  expect(report.outcome).toEqual({ status: "returned", value: ["EACCES", "EACCES", "EACCES"] })
  for (const call of report.calls ?? []) expect(call).toMatchObject({ refusal: "private_address" })
})

test("the calls of a run are known, too, when its process dies over it", async () => {
  const report = await run(
    exceptFor(),
    `module.exports = async () => {
      await (await fetch("http://127.0.0.1:${port}/before")).text()
      await fetch("http://127.0.0.1:${otherPort}/").catch(() => {})
      require("net").connect(${port}, "127.0.0.1")
      const a = []
      for (;;) a.push(Buffer.alloc(1e6, 1))
    }`,
  )
  expect(report.outcome.status).toBe("out_of_memory")
  expect(callsOf(report)).toEqual([
    { host: "127.0.0.1", port, allowed: true },
    { host: "127.0.0.1", port: otherPort, allowed: false },
    { host: "127.0.0.1", port, allowed: true },
  ])
  expect(report.calls?.[0]?.bytesIn).toBeGreaterThan(20)
})

test("25 requests at once are all answered, 20 connections at a time", async () => {
  let most = 0
  let asked = 0
  const held: ServerResponse[] = []
  const slow = createServer((_, response) => {
    slow.getConnections((_, count) => {
      most = Math.max(most, count)
    })
    asked += 1
    held.push(response)
    // None is answered before 20 are here; those that waited are answered as they come.
    if (asked >= 20) setTimeout(() => held.splice(0).map((one) => one.end("done")), 100)
  })
  const at = await listen(slow)
  onTestFinished(() => void slow.close())
  const report = await run(
    { mode: "public", allow: [], exceptions: [{ host: "127.0.0.1", port: at }] },
    `const http = require("http")
    const get = () => new Promise((resolve, reject) => {
      http.get({ port: ${at}, host: "127.0.0.1", agent: false }, (response) => response.resume().on("end", resolve))
        .on("error", reject)
    })
    module.exports = async () => (await Promise.all(Array.from({ length: 25 }, get))).length`,
  )
  expect(report.outcome).toEqual({ status: "returned", value: 25 })
  expect(callsOf(report)).toEqual(Array(25).fill({ host: "127.0.0.1", port: at, allowed: true }))
  expect(most).toBe(20)
})

test("a connection that fails says where to, as Node's do", async () => {
  const closed = createTcpServer()
  const at = await listen(closed)
  await new Promise((done) => closed.close(done))
  const body = (to: number) =>
    `require("net").connect(${to}, "127.0.0.1").on("error", (error) => cb(null, { ...error }))`
  executors = await start({
    egress: { mode: "public", allow: [], exceptions: [{ host: "127.0.0.1", port: at }] },
  })
  expect((await runBody(executors, body(at))).outcome).toEqual({
    status: "returned",
    value: { code: "ECONNREFUSED", errno: -111, syscall: "connect", address: "127.0.0.1", port: at },
  })
  expect((await runBody(executors, body(otherPort))).outcome).toEqual({
    status: "returned",
    value: { code: "EACCES", syscall: "connect", address: "127.0.0.1", port: otherPort },
  })
})

test("a large body goes out whole, and what is written before the connection is there, too", async () => {
  const bytes = 3_000_000
  const sink = createTcpServer((socket) => {
    let count = 0
    socket.on("data", (data) => {
      count += data.length
    })
    socket.on("end", () => socket.end(String(count)))
  })
  const at = await listen(sink)
  onTestFinished(() => void sink.close())
  executors = await start({
    egress: { mode: "public", allow: [], exceptions: [{ host: "127.0.0.1", port: at }] },
  })
  const body = `
    const socket = new (require("net").Socket)()
    const order = []
    socket.connect(${at}, "127.0.0.1", () => order.push("connected"))
    socket.write("early", () => order.push("written"))
    socket.end(Buffer.alloc(${bytes}))
    socket.on("error", cb).once("data", (data) => cb(null, [Number(data), ...order]))`
  const { outcome, calls } = await runBody(executors, body)
  expect(outcome).toEqual({ status: "returned", value: [bytes + 5, "connected", "written"] })
  expect(calls?.[0]?.bytesOut).toBe(bytes + 5)
})

test("a run that receives too much is cut off", async () => {
  const { outcome, calls } = await run(exceptFor(), fetching("/much"))
  expect(outcome.status).toBe("rejected")
  expect(calls?.[0]?.bytesIn).toBeLessThan(11 * 1024 * 1024)
  expect(calls?.[0]?.problem).toMatch(/10 MB/)
})

test("a hook whose first lines cannot be understood does not run", async () => {
  executors = await start({ threads: 1 })
  const { outcome } = await executors.run(
    taskOf("// hooklane: egress=no!ne\nmodule.exports = () => {}"),
    noAbort,
  )
  expect(outcome).toMatchObject({ status: "not_compiled" })
})

test("TLS is made in the hook's thread: certificates are checked there", async () => {
  executors = await start({ egress: exceptFor(), threads: 1 })
  const body = `require("https").get("https://127.0.0.1:${port}/").on("error", cb)`
  const report = await runBody(executors, body)
  // The server speaks no TLS: that the handshake fails shows that it began.
  expect(report.outcome).toMatchObject({
    status: "rejected",
    error: { properties: { code: expect.stringMatching(/SSL|EPROTO|ECONNRESET/) } },
  })
})

test("TLS can begin on a connection that is open, as databases and mail servers have it", async () => {
  const { key, certificate } = issueCertificate()
  const server = createTcpServer(async (client) => {
    await once(client, "data")
    client.write("go on")
    const secured = new TLSSocket(client, { isServer: true, key, cert: certificate })
    secured.on("data", (bytes) => secured.end(`heard ${bytes}`))
  })
  const at = await listen(server)
  onTestFinished(() => void server.close())
  const exceptions = [{ host: "127.0.0.1", port: at }]
  executors = await start({ egress: { mode: "public", allow: [], exceptions }, authorities: [certificate] })
  const body = `
    const plain = require("net").connect(${at}, "127.0.0.1", () => plain.write("start"))
    plain.on("error", cb).once("data", () => {
      const secured = require("tls").connect({ socket: plain, servername: "localhost" }, () => secured.write("hello"))
      secured.on("error", cb).once("data", (bytes) => cb(null, [String(bytes), secured.authorized]))
    })`
  expect((await runBody(executors, body)).outcome).toEqual({
    status: "returned",
    value: ["heard hello", true],
  })
})
