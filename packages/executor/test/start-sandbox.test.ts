import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { encodeFrame } from "../src/contained/frames.ts"
import type { Executors, ExecutorsOptions } from "../src/index.ts"
import { type Sandbox, type SandboxOptions, startSandbox } from "../src/remote/start-sandbox.ts"
import { isAlive, noAbort, pidsOf, runBody, start, taskOf } from "./harness.ts"
import { scriptOf } from "./hostile/attack.ts"
import { CONNECT } from "./hostile/connect.ts"
import { EXHAUST } from "./hostile/exhaust.ts"
import { REACH } from "./hostile/reach.ts"

const log = { info: () => {}, warn: () => {} }
let folder: string
let path: string
let url: string
const open: { close(): Promise<void> }[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hooklane-sandbox-"))
  path = join(folder, "executors.sock")
  url = `unix://${path}`
})

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
  rmSync(folder, { recursive: true })
})

async function startService(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ url, log, ...options })
  open.push(sandbox)
  return sandbox
}

async function startWorker(options: Partial<ExecutorsOptions> = {}): Promise<Executors> {
  const executors = await start({ executorUrl: url, ...options })
  open.push(executors)
  return executors
}

const returned = (value: unknown) => ({ outcome: { status: "returned", value } })

describe("a hook that runs in a sandbox service", () => {
  let executors: Executors
  let shared: { close(): Promise<void> }[]
  let sharedUrl: string

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), "hooklane-sandbox-"))
    sharedUrl = `unix://${join(home, "executors.sock")}`
    const sandbox = await startSandbox({ url: sharedUrl, log })
    executors = await start({ executorUrl: sharedUrl })
    shared = [executors, sandbox, { close: async () => rmSync(home, { recursive: true }) }]
  })
  afterAll(async () => {
    for (const one of shared) await one.close()
  })

  test("gets its event and its secrets, and its answer comes back", async () => {
    const script = `module.exports = (user, context, cb) => cb(null, [user.email, context.webtask.secrets.KEY])`
    expect(await executors.run(taskOf(script, { secrets: { KEY: "not in a log" } }), noAbort)).toMatchObject(
      returned(["user1@example.com", "not in a log"]),
    )
  })

  test("and many more at once each get their own answers, as large as allowed", async () => {
    const script = `module.exports = (user, context, cb) => cb(null, user.email.repeat(10000))`
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const event = { user: { email: `${n}`.padStart(4) }, context: { connection: {} } }
        return executors.run(taskOf(script, { versionId: "large", event }), noAbort)
      }),
    )
    for (const [n, answer] of answers.entries())
      expect(answer).toMatchObject(returned(`${n}`.padStart(4).repeat(10_000)))
  })

  test("is seen by its worker with its process and its memory", async () => {
    await runBody(executors, "cb(null, 1)", { versionId: "seen" })
    const seen = () => executors.stats().executors.find(({ hookVersions }) => hookVersions.includes("seen"))
    await expect.poll(seen).toMatchObject({ pid: expect.any(Number), rssMb: expect.any(Number) })
    expect(isAlive(seen()?.pid ?? 0)).toBe(true)
    await expect.poll(() => seen()?.rssMb).toBeGreaterThan(20)
  })

  test.runIf(process.getuid?.() === 0)(
    "is a user of its own there, who may not call the service",
    async () => {
      await runBody(executors, "cb(null, 1)", { versionId: "somebody" })
      const users = pidsOf(executors).map((pid) => statSync(`/proc/${pid}`).uid)
      expect(new Set(users).size).toBe(users.length)
      for (const uid of users) expect(uid).toBeGreaterThanOrEqual(30_000)
    },
  )

  test("is stopped for its memory there, and the report shows how much it was", async () => {
    const report = await runBody(executors, "const a = []; for (;;) a.push(Buffer.alloc(1e6, 1))")
    expect(report).toMatchObject({
      outcome: { status: "out_of_memory", limitMb: 256 },
      kill: { reason: "memory", rssMb: expect.any(Number) },
    })
    expect(report.kill?.rssMb).toBeGreaterThan(200)
  })

  test("is stopped for its time, in native code, too", async () => {
    const body = "require('crypto').pbkdf2Sync('a', 'b', 1e9, 64, 'sha512')"
    expect(await runBody(executors, body, { timeoutMs: 300 })).toMatchObject({
      outcome: { status: "timed_out", afterMs: 300 },
    })
  })

  test("connects from there, and its calls are listed, also when it takes its process down", async () => {
    let visits = 0
    const listener = createServer((socket) => {
      visits += 1
      socket.on("error", () => {}).end("welcome")
    })
    listener.listen(0, "127.0.0.1")
    await once(listener, "listening")
    const address = listener.address()
    const port = typeof address === "object" && address ? address.port : 0
    const connected = await start({
      executorUrl: sharedUrl,
      egress: { mode: "public", allow: [], exceptions: [{ host: "127.0.0.1", port }] },
    })
    const body = (then: string) => `
      const net = require("net")
      net.connect(1, "127.0.0.1").on("error", () => {
        net.connect(${port}, "127.0.0.1").once("data", (data) => { ${then} })
      })`
    const calls = [
      { host: "127.0.0.1", port: 1, allowed: false, refusal: "private_address" },
      { host: "127.0.0.1", port, allowed: true, bytesIn: 7 },
    ]
    expect(await runBody(connected, body("cb(null, String(data))"))).toMatchObject({
      ...returned("welcome"),
      calls,
    })
    const deadly = body("const a = []; for (;;) a.push(Buffer.alloc(1e6, 1))")
    expect(await runBody(connected, deadly)).toMatchObject({ outcome: { status: "out_of_memory" }, calls })
    const narrow = taskOf(
      `// hooklane: egress=none\nmodule.exports = (user, context, cb) => { ${body("cb()")}; setTimeout(cb, 200) }`,
    )
    expect((await connected.run(narrow, noAbort)).calls).toMatchObject([
      { allowed: false },
      { allowed: false },
    ])
    expect(visits).toBe(2)
    await connected.close()
    listener.close()
  })

  test("gets at nothing, and nowhere, when it is hostile", { timeout: 60_000 }, async () => {
    let visits = 0
    const listener = createServer((socket) => {
      visits += 1
      socket.on("error", () => {}).end()
    })
    listener.listen(0, "::")
    await once(listener, "listening")
    const address = listener.address()
    const port = typeof address === "object" && address ? address.port : 0
    const marker = join(folder, "marker")
    writeFileSync(marker, "the content of a file on this machine")
    for (const [kind, attacks] of [["reach", REACH] as const, ["connect", CONNECT] as const]) {
      for (const [number, [name]] of attacks.entries()) {
        const event = { user: { attack: number }, context: { connection: {} } }
        const task = taskOf(scriptOf(attacks, { port, marker }), { versionId: kind, timeoutMs: 5_000, event })
        expect({ name, ...(await executors.run(task, noAbort)) }).toMatchObject({
          name,
          ...returned({ got: null }),
        })
      }
    }
    expect(visits).toBe(0)
    listener.close()
  })

  test.each(EXHAUST.filter((_, number) => number % 6 === 0))(
    "is stopped when it wants everything: %s",
    async (_, body, ends) => {
      const { outcome } = await runBody(executors, body, { timeoutMs: 500 })
      expect(ends).toContain(outcome.status)
      expect(await runBody(executors, "cb(null, 1)", { versionId: "benign" })).toMatchObject(returned(1))
    },
  )
})

describe("a sandbox service that goes away", () => {
  test("fails the runs inside, refuses others with the reason, and serves again when it is back", async () => {
    let sandbox = await startService()
    const executors = await startWorker()
    // More often than a hook may take its process down.
    for (const _ of [1, 2, 3, 4]) {
      const inside = runBody(executors, "setTimeout(cb, 60_000)", { versionId: "one" })
      await expect
        .poll(() => executors.stats().executors)
        .toContainEqual(expect.objectContaining({ running: 1 }))
      const pids = pidsOf(executors).filter(Boolean)
      open.splice(open.indexOf(sandbox), 1)
      await sandbox.close()
      expect(await inside).toMatchObject({
        outcome: { status: "executor_lost", reason: expect.stringMatching(/^the sandbox service went away/) },
      })
      expect(await runBody(executors, "cb(null, 1)", { versionId: "one" })).toMatchObject({
        outcome: {
          status: "no_executor",
          reason: expect.stringMatching(/^the sandbox service (went|is) away/),
        },
      })
      expect(executors.problem()).toMatch(/^the sandbox service (went|is) away/)
      await expect.poll(() => pids.filter(isAlive)).toEqual([])
      sandbox = await startService()
      await expect
        .poll(() => runBody(executors, "cb(null, 1)", { versionId: "one" }), { timeout: 10_000 })
        .toMatchObject(returned(1))
    }
  })

  test("takes its runtime folder and its socket along", async () => {
    const sandbox = await startService()
    const executors = await startWorker()
    await expect.poll(() => pidsOf(executors)[0]).toBeGreaterThan(0)
    const program = () => readFileSync(`/proc/${pidsOf(executors)[0]}/cmdline`, "utf8").split("\0")
    await expect.poll(() => program().find((one) => one.endsWith("/process.js"))).toBeDefined()
    const entry = program().find((one) => one.endsWith("/process.js")) ?? ""
    expect(existsSync(entry)).toBe(true)
    await sandbox.close()
    expect([existsSync(entry), existsSync(path)]).toEqual([false, false])
  })
})

test("executors end with the worker that they served, and no other's", async () => {
  await startService()
  const one = await startWorker()
  const other = await startWorker()
  await Promise.all([one, other].map((each) => runBody(each, "cb(null, 1)")))
  const [gone, kept] = [pidsOf(one), pidsOf(other)]
  await one.close()
  await expect.poll(() => gone.filter(isAlive)).toEqual([])
  expect(kept.filter(isAlive)).toEqual(kept)
  expect(await runBody(other, "cb(null, 1)")).toMatchObject(returned(1))
})

describe("a sandbox service with as many executors as it may have", () => {
  test("makes room for a worker with what another one does not use, whose version is not blamed", {
    timeout: 60_000,
  }, async () => {
    await startService({ maxExecutors: 2 })
    const warn = vi.fn()
    const owner = await startWorker({ log: { warn } })
    const others = [await startWorker(), await startWorker()]
    const evicted = { versionId: "often", reason: "its place was needed" }
    const evictions = () =>
      warn.mock.calls.filter(([fields]) => expect.objectContaining(evicted).asymmetricMatch(fields))
    // More often than a hook may take its process down.
    for (const times of [1, 2, 3, 4]) {
      expect(await runBody(owner, "cb(null, 1)", { versionId: "often" })).toMatchObject(returned(1))
      while (evictions().length < times) {
        for (const other of others)
          expect(await runBody(other, "cb(null, 1)", { versionId: randomUUID() })).toMatchObject(returned(1))
      }
      const pids = [owner, ...others].flatMap(pidsOf)
      expect(pids.filter((pid) => pid > 0 && isAlive(pid)).length).toBeLessThanOrEqual(2 + 3)
    }
  })

  test("says so when all are at work, and has room later", async () => {
    await startService({ maxExecutors: 4 })
    const busy = await startWorker()
    const other = await startWorker()
    const long = (executors: Executors, versionId: string) =>
      runBody(executors, "setTimeout(cb, 60_000)", { versionId, timeoutMs: 60_000 })
    const runs = ["a", "b", "c", "d"].map((versionId) => long(busy, versionId))
    await expect.poll(() => busy.stats().executors.filter(({ running }) => running > 0)).toHaveLength(4)
    const refused = await Promise.race(["e", "f", "g", "h"].map((versionId) => long(other, versionId)))
    expect(refused.outcome).toEqual({
      status: "no_executor",
      reason: "the sandbox service has no room for another executor (HOOKLANE_MAX_EXECUTORS=4 there)",
    })
    await busy.close()
    await Promise.all(runs)
    await expect
      .poll(() => runBody(other, "cb(null, 1)", { versionId: "i", timeoutMs: 1_000 }), { timeout: 15_000 })
      .toMatchObject(returned(1))
  })
})

test("an executor whose connection breaks before it starts is told, and the others go on", async () => {
  const wall = { wall: "process", by: "node" }
  const greetings = createServer((socket) => {
    socket.once("data", (greeting) => {
      if (String(greeting).includes('"executor"')) socket.destroy()
      else socket.write(encodeFrame({ type: "welcome", worker: randomUUID(), maxExecutors: 4, wall }))
    })
  }).listen(path)
  const executors = await startWorker()
  const { outcome } = await runBody(executors, "cb(null, 1)")
  expect(outcome).toEqual({ status: "no_executor", reason: "its connection was closed" })
  greetings.close()
})

describe("a connection that is not a worker's", () => {
  async function speak(bytes: Uint8Array): Promise<Socket> {
    const socket = connect(path)
    await once(socket, "connect")
    socket.on("error", () => {})
    socket.write(bytes)
    return socket
  }

  test.each([
    ["garbage", Buffer.alloc(64, 255)],
    ["too much", encodeFrame({ type: "worker", code: "x".repeat(300_000) })],
    ["what is no greeting", encodeFrame({ type: "kill", key: "b9a3b1f0-5c3e-4a51-9d1e-1f0a2f6c7d11" })],
    [
      "another's executor",
      encodeFrame({ type: "executor", worker: randomUUID(), key: randomUUID(), heapMb: 64 }),
    ],
    ["nothing", Buffer.alloc(0)],
  ])("is closed when it says %s", { timeout: 15_000 }, async (_, bytes) => {
    await startService()
    const socket = await speak(bytes)
    await new Promise((closed) => socket.resume().on("close", closed))
    expect((await startWorker()).stats().executors).toHaveLength(1)
  })
})

describe("a worker does not start", () => {
  test("with a service that runs other code", async () => {
    await startService()
    const socket = connect(path)
    const egress = { mode: "none", allow: [], exceptions: [] }
    const settings = {
      threads: 1,
      heapMb: 64,
      maxResultBytes: 1_000,
      maxLogBytes: 1_000,
      egress,
    }
    socket.write(encodeFrame({ type: "worker", code: "0".repeat(64), settings }))
    const [answer] = await once(socket, "data")
    expect(String(answer)).toMatch(/"refused".*are of different versions: start both from the same one/)
    await once(socket, "close")
  })

  test("when the service refuses it", async () => {
    const server = createServer((socket) => {
      socket.write(encodeFrame({ type: "refused", reason: "Hooks would not be contained here" }))
    }).listen(path)
    await expect(startWorker()).rejects.toMatchObject({
      code: "internal_error",
      message: "Hooks would not be contained here",
    })
    server.close()
  })

  test("without a service, after it has waited, and says what to do", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    const warn = vi.fn(() => vi.advanceTimersByTime(31_000))
    await expect(startWorker({ log: { warn } })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(
        /^No sandbox service answers at EXECUTOR_URL=unix:.*ENOENT.*or unset EXECUTOR_URL/,
      ),
    })
    vi.useRealTimers()
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ url }),
      "waiting for the sandbox service",
    )
  })

  test("before its service, and then with it", async () => {
    const warn = vi.fn()
    const starting = startWorker({ log: { warn } })
    await expect.poll(() => warn.mock.calls.length).toBe(1)
    await startService()
    expect(await runBody(await starting, "cb(null, 1)")).toMatchObject(returned(1))
  })
})

describe("a sandbox service starts", () => {
  test("where one that was killed has left its socket, for its user and group alone", async () => {
    writeFileSync(path, "")
    await startService()
    expect(statSync(path).isSocket()).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o660)
  })

  test("not where another one listens", async () => {
    await startService()
    await expect(startService()).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(/cannot be used: another sandbox service listens there$/),
    })
  })

  test("not where it cannot", async () => {
    const gone = `unix://${join(folder, "none", "executors.sock")}`
    await expect(startSandbox({ url: gone, log })).rejects.toMatchObject({ code: "invalid_setting" })
    const long = `unix:///${"x".repeat(200)}`
    await expect(startSandbox({ url: long, log })).rejects.toMatchObject({ code: "invalid_setting" })
  })
})
