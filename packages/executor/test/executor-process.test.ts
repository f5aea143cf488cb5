import { spawn } from "node:child_process"
import { describe, expect, test } from "vitest"
import { type ExecutorProcess, superviseExecutor } from "../src/executor-process.ts"
import { attend } from "../src/launched-executor.ts"
import type { ExecutorSettings } from "../src/protocol.ts"
import { noAbort, taskOf } from "./harness.ts"

const SETTINGS: ExecutorSettings = {
  threads: 1,
  heapMb: 64,
  maxResultBytes: 1_024,
  maxLogBytes: 1_024,
  egress: { mode: "none", allow: [], exceptions: [] },
}
const FRAME = `
  const { writeSync } = require("node:fs")
  const write = (bytes) => writeSync(3, bytes)
  const send = (value, length) => {
    const body = Buffer.from(typeof value === "string" ? value : JSON.stringify(value))
    const header = Buffer.alloc(4)
    header.writeUInt32BE(length ?? body.length)
    write(Buffer.concat([header, body]))
  }
  const answer = (more) => send({
    type: "answer", id: "b9a3b1f0-5c3e-4a51-9d1e-1f0a2f6c7d11", ending: { status: "returned" },
    logs: [], logsTruncated: false, runMs: 1, hasCalls: false, ...more,
  })
  setInterval(() => {}, 1000)`

const NO_EGRESS = { bind() {}, endRun() {}, listen() {} }

/** A process in which a hook has taken over: it sends what it likes. */
function startHostile(script: string): ExecutorProcess {
  const child = spawn(process.execPath, ["--eval", `${FRAME};${script}`], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  })
  return superviseExecutor(attend(child, SETTINGS, NO_EGRESS), SETTINGS)
}

/** A run that the process has begun ends with a report. */
async function runIn(executor: ExecutorProcess, ...run: Parameters<ExecutorProcess["run"]>) {
  const { report, fate } = await executor.run(...run)
  if (fate === "not_begun") throw new Error("the run was not begun")
  return report
}

/** Answers the one run that it is given, as it likes. */
const onRun = (answer: string) => `
  send({ type: "ready" })
  new (require("node:net").Socket)({ fd: 3 }).on("data", (data) => {
    const id = /"id":"([^"]+)"/.exec(data.toString())?.[1]
    if (id) { ${answer} }
  })`

describe("a process that breaks the protocol is killed", () => {
  test.each([
    ["garbage", "write(Buffer.alloc(64, 255))", "it broke the protocol: a frame is larger than allowed"],
    ["what is not JSON", 'send("{")', "it broke the protocol: a frame is not JSON"],
    ["null", "send(null)", "it sent a frame of unknown form"],
    ["an unknown type", 'send({ type: "init" })', "it sent a frame of unknown form"],
    [
      "a frame with more than it may have",
      'send({ type: "pong", __proto__: null, constructor: 1 })',
      "it sent a frame of unknown form",
    ],
    [
      "a header that announces too much",
      'send("", 2 ** 31)',
      "it broke the protocol: a frame is larger than allowed",
    ],
    ["an answer to no run", "answer({})", "it answered a run that it was not given"],
    ["an answer of a wrong form", "answer({ id: 1 })", "it sent a frame of unknown form"],
    ["a negative time", "answer({ runMs: -1 })", "it sent a frame of unknown form"],
  ])("for %s", async (_, script, reason) => {
    expect((await startHostile(script).gone).reason).toBe(reason)
  })

  test.each([
    ["a value that is not JSON", 'answer({ id, ending: { status: "returned", json: "{" } })'],
    ["an error that is none", 'answer({ id, ending: { status: "threw", json: "null" } })'],
    [
      "an error with a wrong field",
      `answer({ id, ending: { status: "threw", json: '{"name":1,"message":""}' } })`,
    ],
  ])("for an answer with %s", async (_, answer) => {
    const executor = startHostile(onRun(answer))
    await executor.ready
    const { outcome } = await runIn(executor, taskOf(""), noAbort)
    expect(outcome).toEqual({ status: "crashed", reason: "it sent an answer that cannot be read" })
    await executor.gone
  })
})

describe("a process that does not answer", () => {
  test("is killed two seconds after the time limit, and the run has timed out", async () => {
    const executor = startHostile(onRun(""))
    await executor.ready
    const { outcome, runMs } = await runIn(executor, taskOf("", { timeoutMs: 100 }), noAbort)
    expect(outcome).toEqual({ status: "timed_out", afterMs: 100 })
    expect(runMs).toBeLessThan(5_000)
    expect(await executor.gone).toMatchObject({ reason: "a run in it could not be stopped" })
  })

  test("is killed when a run in it was cancelled and goes on", async () => {
    const executor = startHostile(onRun(""))
    await executor.ready
    const stop = new AbortController()
    const report = runIn(executor, taskOf(""), stop.signal)
    stop.abort()
    expect((await report).outcome).toEqual({ status: "cancelled" })
    await executor.gone
  })
})

describe("a process that ends before it is ready", () => {
  test.each([
    ["exits", "process.exit(3)", "its process exited with code 3"],
    ["is killed", "process.kill(process.pid, 'SIGTERM')", "its process was ended by SIGTERM"],
    ["says why", 'send({ type: "farewell", reason: "no threads", cause: "crash" })', "no threads"],
  ])("tells why when it %s", async (_, script, reason) => {
    const executor = startHostile(script)
    await expect(executor.ready).rejects.toMatchObject({
      code: "internal_error",
      message: `An executor did not start: ${reason}`,
    })
    expect((await executor.gone).reason).toBe(reason)
  })
})

describe("what a process says as its last words is told without the secrets of its hook", () => {
  const S = "SEKRETa1b2c3d4e5f6"
  test.each([
    ["farewell", `send({ type: "farewell", reason: "gone: ${S}", cause: "crash" })`],
    ["an exception", `throw new Error("${S}")`],
    [
      "its output and its calls",
      `send({ type: "output", id, lines: [{ at: 0, level: "info", message: "${S}" }] })
       const call = { at: 0, host: "${S}", port: 1, durationMs: 0, bytesIn: 0, bytesOut: 0, allowed: true, problem: "${S}" }
       send({ type: "calls", id, calls: [call] })
       process.kill(process.pid, "SIGKILL")`,
    ],
  ])("%s", async (_, words) => {
    const executor = startHostile(onRun(words))
    await executor.ready
    const report = await runIn(executor, taskOf("", { secrets: { S } }), noAbort)
    const told = JSON.stringify([report, await executor.gone])
    expect(report.outcome.status).toBe("crashed")
    expect(told).toContain("[secret]")
    expect(told).not.toContain(S)
  })
})
