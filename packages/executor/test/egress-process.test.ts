import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest"
import type { RunCallsReport } from "../src/egress-protocol.ts"
import { type ExecutorHost, openExecutorHost } from "../src/executor-host.ts"
import { superviseExecutor } from "../src/executor-process.ts"
import type { Executors, ExecutorsOptions } from "../src/index.ts"
import { attend } from "../src/launched-executor.ts"
import { isAlive, noAbort, runBody, start, taskOf } from "./harness.ts"

/** Sends what it is told to, and hears what comes. */
let server: Server
let port = 0
const visitors: Socket[] = []
let executors: Executors | undefined

beforeAll(async () => {
  server = createServer((socket) => {
    visitors.push(socket.on("error", () => {}))
    socket.write("welcome")
  })
  port = await listen(server)
})
afterEach(async () => {
  await executors?.close()
  executors = undefined
  for (const one of visitors.splice(0)) one.destroy()
})
afterAll(() => void server.close())

async function listen(one: Server): Promise<number> {
  await once(one.listen(0, "127.0.0.1"), "listening")
  const address = one.address()
  if (typeof address !== "object" || !address) throw new Error("A TCP server has no port")
  return address.port
}

const rulesFor = (open: number) => ({
  mode: "public" as const,
  allow: [],
  exceptions: [{ host: "127.0.0.1", port: open }],
})

function startConnected(options: Partial<ExecutorsOptions> = {}): Promise<Executors> {
  return start({ egress: rulesFor(port), threads: 1, ...options })
}

/** The broker of this test process: its only child that runs the broker's program. */
function brokerPids(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const program = readFileSync(`/proc/${name}/cmdline`, "utf8")
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]
      return program.includes("/egress/main.js") && Number(parent) === process.pid ? [Number(name)] : []
    } catch {
      return [] // It ended meanwhile.
    }
  })
}

const CONNECT = `const socket = require("net").connect(PORT, "127.0.0.1").on("error", cb)`

describe.runIf(process.platform === "linux")("the process that connects for hooks", () => {
  test("has nothing but the network, and ends with its worker", async () => {
    executors = await startConnected()
    const [pid = 0] = brokerPids()
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean)
    const names = environment.map((one) => one.split("=")[0]).sort()
    expect(names).toEqual(["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "PWD", "UV_THREADPOOL_SIZE"])
    const flags = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
    expect(flags.filter((flag) => flag.startsWith("--allow"))).toEqual([
      "--allow-net",
      expect.stringMatching(/^--allow-fs-read=.*hooklane-executor-/),
    ])
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8")
    expect(limits).toMatch(/Max core file size +0 +0/)
    expect(limits).toMatch(/Max file size +0 +0/)
    await executors.close()
    expect(isAlive(pid)).toBe(false)
  })

  test("is the only one: executors are not allowed to connect", async () => {
    executors = await startConnected()
    for (const { pid } of executors.stats().executors) {
      const flags = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      expect(flags).toMatch(/--permission/)
      expect(flags).not.toMatch(/--allow-net/)
    }
  })

  test("hears nothing of runs that do not connect", async () => {
    executors = await startConnected()
    const task = { versionId: "quiet" }
    await runBody(executors, "cb()", task)
    const [pid = 0] = brokerPids()
    const reads = () => Number(/^syscr: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1])
    const before = reads()
    for (let n = 0; n < 200; n += 1) await runBody(executors, "cb()", task)
    // It is asked every 2 s whether it is alive.
    expect(reads() - before).toBeLessThan(100)
  })

  test("when it is killed, connections end with it, no hook is blamed, and the next run connects", async () => {
    const warn = vi.fn()
    executors = await startConnected({ log: { warn } })
    const hanging = `${CONNECT}; socket.resume().on("close", () => cb(null, "closed"))`.replace(
      "PORT",
      `${port}`,
    )
    // More often than a hook may take its process down.
    for (const _ of [1, 2, 3, 4]) {
      const [pid = 0] = brokerPids()
      const quiet = runBody(executors, "setTimeout(cb, 1500, null, 'went on')", { versionId: "quiet" })
      const inside = runBody(executors, hanging, { versionId: "loud" })
      await expect.poll(() => visitors.length, { timeout: 10_000 }).toBe(1)
      // What is open is told a moment later.
      await new Promise((done) => setTimeout(done, 200))
      process.kill(pid, "SIGKILL")
      const report = await inside
      expect(report.outcome).toMatchObject({
        status: "rejected",
        error: { properties: { code: "ECONNRESET" } },
      })
      expect(report.calls).toMatchObject([
        { host: "127.0.0.1", problem: "the egress broker ended: its process was ended by SIGKILL" },
      ])
      expect((await quiet).outcome).toEqual({ status: "returned", value: "went on" })
      visitors.splice(0)
      const next = `${CONNECT}; socket.once("data", (data) => cb(null, String(data)))`.replace(
        "PORT",
        `${port}`,
      )
      expect((await runBody(executors, next, { versionId: "loud-too" })).outcome).toEqual({
        status: "returned",
        value: "welcome",
      })
      visitors.splice(0)
      expect(brokerPids()).not.toContain(pid)
    }
    expect(warn.mock.calls.map(([, message]) => message)).not.toContain("executor died")
  }, 60_000)
})

test("two hooks with different wishes do not get each other's", async () => {
  executors = await startConnected()
  const task = (head: string, versionId: string) =>
    taskOf(
      `${head}module.exports = (user, context, cb) => { ${CONNECT.replace("PORT", `${port}`)}; socket.once("data", () => cb()) }`,
      { versionId },
    )
  const closed = task("// hooklane: egress=none\n", "closed")
  const open = task("", "open")
  const all = await Promise.all(
    [closed, open, closed, open, open, closed].map((one) => executors?.run(one, noAbort)),
  )
  expect(all.map((report) => report?.outcome.status)).toEqual([
    "rejected",
    "returned",
    "rejected",
    "returned",
    "returned",
    "rejected",
  ])
  expect(all.map((report) => report?.calls?.map(({ allowed }) => allowed))).toEqual([
    [false],
    [true],
    [false],
    [true],
    [true],
    [false],
  ])
})

describe("an executor that was taken over", () => {
  let host: ExecutorHost
  beforeAll(async () => {
    host = await openExecutorHost({ warn: () => {} })
    await host.egress.ready
  })
  afterAll(() => host.close())

  const SETTINGS = { threads: 1, heapMb: 64, maxResultBytes: 1_024, maxLogBytes: 1_024 }
  const PRELUDE = `
    const net = require("node:net")
    const frames = new net.Socket({ fd: 3 })
    const line = new net.Socket({ fd: 4 })
    line.on("error", () => {})
    const uint32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes }
    const RUN = Buffer.alloc(16, 7)
    const say = (kind, { run = RUN, id = 1, payload = "", length } = {}) => {
      const body = Buffer.concat([Buffer.from([kind]), uint32(id), run, Buffer.from(payload)])
      line.write(Buffer.concat([uint32(length ?? body.length), body]))
    }
    const port = (number) => { const bytes = Buffer.alloc(2); bytes.writeUInt16BE(number); return bytes }
    const open = (id, run) => say(1, { id, run, payload: Buffer.concat([port(PORT), Buffer.from("127.0.0.1")]) })
    const send = (value) => {
      const body = Buffer.from(JSON.stringify(value))
      frames.write(Buffer.concat([uint32(body.length), body]))
    }
    frames.resume()
    send({ type: "ready" })
    setInterval(() => {}, 1000);`

  /** It has the two lines that an executor has, and says on the one to the broker what it likes. */
  function takeOver(script: string, { isBound = true, openPort = port } = {}) {
    const code = `${PRELUDE}${script}`.replaceAll("PORT", String(openPort))
    const child = spawn(process.execPath, ["--eval", code], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    })
    const line = host.egress.connect(child.stdio[4], { rules: rulesFor(openPort), maxRuns: SETTINGS.threads })
    const told: RunCallsReport[] = []
    const watched = {
      ...line,
      listen: (listener: Parameters<typeof line.listen>[0]) =>
        line.listen({
          ...listener,
          onCalls(report) {
            told.push(report)
            listener.onCalls(report)
          },
        }),
    }
    const executor = superviseExecutor(attend(child, SETTINGS, watched), {
      ...SETTINGS,
      egress: rulesFor(openPort),
    })
    onTestFinished(async () => {
      executor.kill("the test is over")
      await executor.gone
    })
    if (isBound) line.bind(undefined)
    return { executor, told }
  }

  /** The broker has said that it listens. */
  const onHello = (script: string) => `line.once("data", () => { ${script} })`

  /** Does something for the run that it is given, and says a moment later that this run did not connect. */
  const inRun = (script: string, afterMs: number) => `
    frames.on("data", (data) => {
      const id = /"id":"([^"]+)"/.exec(data)?.[1]
      if (!id) return
      const key = Buffer.from(id.replaceAll("-", ""), "hex")
      ${script}
      setTimeout(send, ${afterMs}, {
        type: "answer", id, ending: { status: "returned" }, logs: [], logsTruncated: false, runMs: 1, hasCalls: false,
      })
    })`

  test.each([
    ["a frame that is too long", "say(2, { length: 1e6 })", "a frame is larger than allowed"],
    ["one that is too short", "line.write(uint32(3)); line.write('abc')", "a frame is too short"],
    ["an unknown kind", "say(99)", "a frame of unknown form"],
    ["an event of the broker's", "say(67, { payload: 'data' })", "a frame of unknown form"],
    ["a connection without a port", "say(1, { payload: 'a' })", "a frame of unknown form"],
    ["a host that is too long", "say(6, { payload: 'a'.repeat(5000) })", "a frame of unknown form"],
    ["a count of no bytes", "say(5, { payload: uint32(0) })", "a frame of unknown form"],
    ["an end with something in it", "say(3, { payload: 'x' })", "a frame of unknown form"],
  ])("is ended for %s", async (_, script, reason) => {
    const { executor } = takeOver(onHello(script))
    expect(await executor.gone).toMatchObject({
      reason: `it broke the protocol of its connections: ${reason}`,
    })
  })

  test.each([
    ["the same connection twice", "open(1, key); open(1, key)", "it opened a connection twice"],
    [
      "more runs than it has threads, twice",
      "open(1, key); open(2, Buffer.alloc(16, 8)); open(3, Buffer.alloc(16, 9))",
      "more runs with connections than it can have",
    ],
    [
      "more data than may be on its way",
      "open(1, key); for (let n = 0; n < 100; n++) say(2, { run: key, payload: Buffer.alloc(65536) })",
      "it sent more than may be on its way",
    ],
    [
      "that it has read what it was not given",
      "open(1, key); line.on('data', () => say(5, { run: key, payload: uint32(1e9) }))",
      "it took more than it was given",
    ],
  ])("is ended in a run for %s", async (_, script, reason) => {
    const { executor } = takeOver(inRun(script, 5_000))
    await executor.ready
    const { report } = await executor.run(taskOf(""), noAbort)
    expect(report).toMatchObject({
      outcome: { status: "crashed", reason: `it broke the protocol of its connections: ${reason}` },
      calls: [{ host: "127.0.0.1", port, allowed: true }],
    })
  })

  test("is ended when it speaks before it serves a hook", async () => {
    const { executor } = takeOver("setInterval(open, 20, 1)", { isBound: false })
    expect((await executor.gone).reason).toBe(
      "it broke the protocol of its connections: it spoke before it was asked",
    )
    expect(visitors).toEqual([])
  })

  test("is ended when it connects for a run that it does not have", async () => {
    const { executor, told } = takeOver(onHello("open(1)"))
    expect((await executor.gone).reason).toBe("it connected for a run that it was not given")
    expect(told[0]).toMatchObject({ calls: [{ host: "127.0.0.1", port, allowed: true }], open: [0] })
  })

  test("is ended when it closes its line", async () => {
    const { executor } = takeOver(onHello("line.destroy()"))
    expect((await executor.gone).reason).toBe("it closed its line to the egress broker")
  })

  test("cannot hide what it connected to", async () => {
    const { executor } = takeOver(inRun("open(1, key)", 300))
    await executor.ready
    const { report } = await executor.run(taskOf(""), noAbort)
    expect(report.calls).toMatchObject([{ host: "127.0.0.1", port, allowed: true }])
  })

  test("does not fill the broker's memory by not reading", async () => {
    const chunk = Buffer.alloc(65_536)
    const flood = createServer((socket) => {
      const push = () => {
        while (socket.write(chunk));
      }
      socket.on("error", () => {}).on("drain", push)
      push()
    })
    const at = await listen(flood)
    onTestFinished(() => void flood.close())
    const { executor } = takeOver(inRun(`line.pause(); for (let n = 1; n <= 20; n++) open(n, key)`, 1_500), {
      openPort: at,
    })
    await executor.ready
    const { report } = await executor.run(taskOf(""), noAbort)
    expect(report.calls).toHaveLength(20)
    const bytesIn = report.calls?.reduce((sum, call) => sum + call.bytesIn, 0)
    expect(bytesIn).toBeGreaterThan(100_000)
    expect(bytesIn).toBeLessThan(4_000_000)
  })
})
