import { afterEach, describe, expect, test } from "vitest"
import type { Executors, ExecutorsOptions } from "../src/index.ts"
import { isAlive, noAbort, pidsOf, runBody, start, taskOf } from "./harness.ts"

const opened: Executors[] = []

async function open(options?: Partial<ExecutorsOptions>): Promise<Executors> {
  const executors = await start(options)
  opened.push(executors)
  return executors
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((executors) => executors.close()))
})

const OK = "module.exports = (user, context, cb) => cb(null, 'ok')"
const SLOW = "module.exports = (user, context, cb) => setTimeout(cb, 200, null, 'slow')"
const HANG = "module.exports = () => {}"

/** Runs of a hook that were short so far, so that its executor is given some ahead of time. */
async function warmedUp(executors: Executors, body: string) {
  const script = `module.exports = (user, context, cb) => { ${body} }`
  const run = (user: object = {}) =>
    executors.run(
      taskOf(script, { versionId: "warmed up", event: { user, context: { connection: {} } } }),
      noAbort,
    )
  for (let runs = 0; runs < 60; runs += 1) await run()
  return run
}

function executorOf(executors: Executors, versionId: string) {
  return executors.stats().executors.find(({ hookVersions }) => hookVersions.includes(versionId))
}

describe("an executor", () => {
  test("keeps a version's module state from run to run", async () => {
    const executors = await open({ threads: 1 })
    const script = "let n = 0; module.exports = (user, context, cb) => cb(null, ++n)"
    const task = taskOf(script, { versionId: "warm" })
    await executors.run(task, noAbort)
    expect((await executors.run(task, noAbort)).outcome).toEqual({ status: "returned", value: 2 })
  })

  test("keeps it when the hook refused or threw, and forgets it when the hook ended the run", async () => {
    const executors = await open({ threads: 1 })
    const script = `let n = 0
      module.exports = (user, context, cb) => {
        n += 1
        if (user.refuse) return cb(new Error("no"))
        if (user.fail) throw new Error("bug")
        if (user.exit) process.exit()
        cb(null, n)
      }`
    const run = (user: object) =>
      executors.run(
        taskOf(script, { versionId: "state", event: { user, context: { connection: {} } } }),
        noAbort,
      )
    await run({ refuse: true })
    expect((await run({})).outcome).toEqual({ status: "returned", value: 2 })
    await run({ fail: true })
    expect((await run({})).outcome).toEqual({ status: "returned", value: 4 })
    await run({ exit: true })
    expect((await run({})).outcome).toEqual({ status: "returned", value: 1 })
  })

  test("serves one version only", async () => {
    const executors = await open()
    await executors.run(taskOf(OK, { versionId: "a" }), noAbort)
    await executors.run(taskOf(OK, { versionId: "b" }), noAbort)
    const [a, b] = [executorOf(executors, "a"), executorOf(executors, "b")]
    expect(a?.hookVersions).toEqual(["a"])
    expect(b?.hookVersions).toEqual(["b"])
    expect(a?.pid).not.toBe(b?.pid)
    expect(a?.rssMb).toBeGreaterThan(20)
  })

  test("runs as many at a time as it has threads", async () => {
    const executors = await open({ threads: 2 })
    const reports = Array.from({ length: 5 }, () =>
      executors.run(taskOf(SLOW, { versionId: "many" }), noAbort),
    )
    await expect.poll(() => executorOf(executors, "many")?.running).toBe(2)
    const outcomes = (await Promise.all(reports)).map(({ outcome }) => outcome)
    expect(outcomes).toEqual(Array(5).fill({ status: "returned", value: "slow" }))
    expect(executorOf(executors, "many")?.running).toBe(0)
  })

  test("is the blank one, for a version that has none yet", async () => {
    const executors = await open()
    const [spare] = pidsOf(executors)
    await executors.run(taskOf(OK, { versionId: "cold" }), noAbort)
    expect(executorOf(executors, "cold")?.pid).toBe(spare)
    const blank = () => executors.stats().executors.find(({ hookVersions }) => hookVersions.length === 0)
    await expect.poll(() => blank()?.pid, { timeout: 5_000 }).not.toBeUndefined()
  })

  test("is not the blank one when a version wants another heap", async () => {
    const executors = await open()
    const [spare] = pidsOf(executors)
    await executors.run(taskOf(OK, { versionId: "large", heapMb: 128 }), noAbort)
    expect(executorOf(executors, "large")?.pid).not.toBe(spare)
  })
})

test("each of many runs gets its own answer", async () => {
  const executors = await open()
  const script = `module.exports = (user, context, cb) => {
    console.log(user.n)
    setTimeout(cb, user.n % 7, null, [user.n])
  }`
  const tasks = Array.from({ length: 200 }, (_, n) =>
    taskOf(script, { versionId: `v${n % 3}`, event: { user: { n }, context: { connection: {} } } }),
  )
  const reports = await Promise.all(tasks.map((task) => executors.run(task, noAbort)))
  const seen = reports.map(({ outcome, logs }) => [outcome, logs.map(({ message }) => message)])
  expect(seen).toEqual(tasks.map((_, n) => [{ status: "returned", value: [n] }, [String(n)]]))
})

describe("more versions than executors", () => {
  test("all run, and the least recently used idle executor goes first", async () => {
    const executors = await open({ maxExecutors: 2 })
    for (const versionId of ["a", "b", "a", "c"]) {
      const { outcome } = await executors.run(taskOf(OK, { versionId }), noAbort)
      expect(outcome).toEqual({ status: "returned", value: "ok" })
    }
    const kept = executors.stats().executors.flatMap(({ hookVersions }) => hookVersions)
    expect(kept.sort()).toEqual(["a", "c"])
  })

  test("all run at once, one after the other", async () => {
    const executors = await open({ maxExecutors: 2 })
    const reports = Array.from({ length: 8 }, () => executors.run(taskOf(SLOW), noAbort))
    const outcomes = (await Promise.all(reports)).map(({ outcome }) => outcome)
    expect(outcomes).toEqual(Array(8).fill({ status: "returned", value: "slow" }))
  })

  test("a run waits as long as its time limit, and five seconds at least", async () => {
    const executors = await open({ maxExecutors: 1 })
    const stop = new AbortController()
    const busy = executors.run(taskOf(HANG, { versionId: "busy" }), stop.signal)
    const waited = await executors.run(taskOf(OK, { timeoutMs: 100 }), noAbort)
    expect(waited.outcome).toEqual({ status: "no_executor", reason: "none was free within 5000 ms" })
    stop.abort()
    await busy
  })

  test("one that is always busy does not keep another from running", async () => {
    const executors = await open({ maxExecutors: 1, threads: 1 })
    let isOver = false
    const busy = Array.from({ length: 3 }, async () => {
      const ends: string[] = []
      while (!isOver)
        ends.push((await executors.run(taskOf(SLOW, { versionId: "busy" }), noAbort)).outcome.status)
      return ends
    })
    const { outcome } = await executors.run(taskOf(OK, { versionId: "quiet" }), noAbort)
    expect(outcome).toEqual({ status: "returned", value: "ok" })
    isOver = true
    expect(new Set((await Promise.all(busy)).flat())).toEqual(new Set(["returned"]))
  })

  test("a run that nobody wants any more stops waiting", async () => {
    const executors = await open({ maxExecutors: 1 })
    const stop = new AbortController()
    const busy = executors.run(taskOf(HANG, { versionId: "busy" }), stop.signal)
    const waiting = executors.run(taskOf(OK), stop.signal)
    stop.abort()
    expect((await waiting).outcome).toEqual({ status: "cancelled" })
    await busy
  })
})

describe("an abort", () => {
  test("stops a run and is told as cancelled", async () => {
    const executors = await open()
    const stop = new AbortController()
    const loop = "module.exports = () => { console.log('looping'); for (;;); }"
    const report = executors.run(taskOf(loop, { versionId: "v" }), stop.signal)
    await expect.poll(() => executorOf(executors, "v")?.running).toBe(1)
    stop.abort()
    expect(await report).toMatchObject({ outcome: { status: "cancelled" } })
    expect((await executors.run(taskOf(OK, { versionId: "w" }), noAbort)).outcome.status).toBe("returned")
  })

  test("before the start means that nothing runs", async () => {
    const executors = await open()
    const { outcome } = await executors.run(taskOf(OK, { versionId: "v" }), AbortSignal.abort())
    expect(outcome).toEqual({ status: "cancelled" })
    expect(executorOf(executors, "v")).toBeUndefined()
  })
})

describe("what a run leaves behind", () => {
  test.each([
    ["a timer", "setTimeout(() => console.log('late'), 20)"],
    ["an interval", "setInterval(() => console.log('late'), 5)"],
    ["an exception to come", "setTimeout(() => { throw new Error('late') }, 20)"],
    ["a rejection", "Promise.reject(new Error('late'))"],
    ["a promise that never rests", "const f = () => Promise.resolve().then(f); f()"],
    ["a server", "require('http').createServer().listen(0, '127.0.0.1')"],
  ])("%s does not touch the next one", async (_, leave) => {
    const executors = await open({ threads: 1 })
    const script = `module.exports = (user, context, cb) => {
      if (!user.leave) return setTimeout(cb, 100, null, "clean")
      cb(null, "left")
      ${leave}
    }`
    const run = (user: object) =>
      executors.run(taskOf(script, { versionId: "v", event: { user, context: { connection: {} } } }), noAbort)
    expect((await run({ leave: true })).outcome).toEqual({ status: "returned", value: "left" })
    expect(await run({})).toMatchObject({ outcome: { status: "returned", value: "clean" }, logs: [] })
  })

  test("does not reach the run that was given to the thread meanwhile", async () => {
    const executors = await open({ threads: 1 })
    const run = await warmedUp(executors, "if (user.leave) Buffer.left = 1; cb(null, 'ok')")
    const runs = Array.from({ length: 12 }, (_, index) => run({ leave: index % 3 === 0 }))
    expect((await Promise.all(runs)).map(({ outcome }) => outcome)).toEqual(
      Array(12).fill({ status: "returned", value: "ok" }),
    )
  })

  test("process.exit ends its own run only", async () => {
    const executors = await open()
    const script = `module.exports = (user, context, cb) => {
      if (!user.exit) return setTimeout(cb, 100, null, "fine")
      try { process.exit(3) } catch {}
      cb(null, "went on")
    }`
    const run = (user: object) =>
      executors.run(taskOf(script, { versionId: "v", event: { user, context: { connection: {} } } }), noAbort)
    const [exits, stays] = await Promise.all([run({ exit: true }), run({})])
    expect(exits.outcome).toEqual({ status: "crashed", reason: "it called process.exit(3)" })
    expect(stays.outcome).toEqual({ status: "returned", value: "fine" })
  })
})

describe("an executor that dies", () => {
  test("answers the runs inside with the reason, no other, and is replaced", async () => {
    const executors = await open()
    const inside = [1, 2].map(() => executors.run(taskOf(HANG, { versionId: "v" }), noAbort))
    const other = executors.run(taskOf(SLOW, { versionId: "w" }), noAbort)
    await expect.poll(() => executorOf(executors, "v")?.running).toBe(2)
    process.kill(executorOf(executors, "v")?.pid ?? Number.NaN, "SIGKILL")
    for (const report of inside) {
      const reason = "its process was ended by SIGKILL"
      expect((await report).outcome).toEqual({ status: "executor_lost", reason })
    }
    expect((await other).outcome).toEqual({ status: "returned", value: "slow" })
    const again = await executors.run(taskOf(OK, { versionId: "v" }), noAbort)
    expect(again.outcome).toEqual({ status: "returned", value: "ok" })
  })

  test("does not fail the runs that only waited for it", async () => {
    const executors = await open({ threads: 1 })
    const inside = executors.run(taskOf(SLOW, { versionId: "v" }), noAbort)
    await expect.poll(() => executorOf(executors, "v")?.running).toBe(1)
    const waiting = executors.run(taskOf(SLOW, { versionId: "v" }), noAbort)
    process.kill(executorOf(executors, "v")?.pid ?? Number.NaN, "SIGKILL")
    expect((await inside).outcome.status).toBe("executor_lost")
    expect((await waiting).outcome).toEqual({ status: "returned", value: "slow" })
  })

  test("does not fail the runs that waited in it", async () => {
    const executors = await open({ threads: 1 })
    const run = await warmedUp(executors, "user.wait ? setTimeout(cb, 5_000) : cb(null, 'ok')")
    const inside = run({ wait: true })
    const waiting = Promise.all([run(), run(), run()])
    // One thread, and four inside: those that wait came along because runs were short so far.
    await expect.poll(() => executorOf(executors, "warmed up")?.running).toBe(4)
    process.kill(executorOf(executors, "warmed up")?.pid ?? 0, "SIGKILL")
    expect((await inside).outcome.status).toBe("executor_lost")
    expect((await waiting).map(({ outcome }) => outcome)).toEqual(
      Array(3).fill({ status: "returned", value: "ok" }),
    )
  })

  test("three times in a row pauses its version and no other", async () => {
    const executors = await open()
    for (let death = 1; death <= 3; death += 1) {
      const report = executors.run(taskOf(HANG, { versionId: "v" }), noAbort)
      await expect.poll(() => executorOf(executors, "v")?.running).toBe(1)
      process.kill(executorOf(executors, "v")?.pid ?? Number.NaN, "SIGKILL")
      expect((await report).outcome.status).toBe("executor_lost")
    }
    const refused = await executors.run(taskOf(OK, { versionId: "v" }), noAbort)
    expect(refused.outcome).toMatchObject({
      status: "paused",
      reason: expect.stringMatching(
        /^this version took its process down 3 times within a minute; it is paused/,
      ),
    })
    expect((await executors.run(taskOf(OK), noAbort)).outcome.status).toBe("returned")
  })
})

describe("close", () => {
  test("leaves no process, whatever they are doing", async () => {
    const executors = await open()
    const reports = [HANG, "for (;;);"].map((script) => executors.run(taskOf(script), noAbort))
    await expect.poll(() => executors.stats().executors.filter(({ running }) => running === 1).length).toBe(2)
    const pids = pidsOf(executors)
    await executors.close()
    expect(pids.filter(isAlive)).toEqual([])
    for (const report of reports) {
      expect((await report).outcome).toEqual({ status: "executor_lost", reason: "the worker is closing" })
    }
    await expect(executors.run(taskOf(OK), noAbort)).rejects.toMatchObject({ code: "shutting_down" })
  })
})

describe("secrets", () => {
  test("are taken out of console output and errors", async () => {
    const executors = await open()
    const secrets = { KEY: "sk_live_123456", PEM: "line one\nline two", SHORT: "abc" }
    const body = `
      const { KEY, PEM, SHORT } = context.webtask.secrets
      console.log("key", KEY, { PEM }, SHORT)
      cb(Object.assign(new Error("bad " + KEY), { config: { headers: ["Bearer " + KEY] } }))`
    const { outcome, logs } = await runBody(executors, body, { secrets })
    expect(logs.map(({ message }) => message)).toEqual(["key [secret] { PEM: '[secret]' } abc"])
    expect(outcome).toMatchObject({
      status: "rejected",
      error: { message: "bad [secret]", properties: { config: { headers: ["Bearer [secret]"] } } },
    })
    expect(JSON.stringify(outcome)).not.toContain("sk_live")
  })
})
