import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { runBody, start } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

async function evaluate(expression: string): Promise<unknown> {
  const { outcome } = await runBody(executors, `cb(null, ${expression})`, {
    triggerId: "credentials-exchange",
  })
  return outcome.status === "returned" ? outcome.value : outcome
}

describe("a hook's globals", () => {
  test.each([
    "WebAssembly",
    "SharedArrayBuffer",
    "Atomics",
    "WebSocket",
    "EventSource",
    "BroadcastChannel",
    "MessageChannel",
    "Worker",
    "localStorage",
    "gc",
  ])("do not include %s", async (name) => {
    expect(await evaluate(`"${name}" in globalThis`)).toBe(false)
  })

  test("include what packages expect", async () => {
    const names = [
      "Buffer",
      "URL",
      "TextEncoder",
      "AbortController",
      "fetch",
      "crypto",
      "structuredClone",
      "atob",
      "setTimeout",
      "setImmediate",
      "queueMicrotask",
      "ReadableStream",
      "global",
      "process",
      "console",
    ]
    expect(await evaluate(`${JSON.stringify(names)}.filter((name) => global[name] === undefined)`)).toEqual(
      [],
    )
  })

  test("are clean: nothing is enumerable that was not there before", async () => {
    expect(await evaluate("Object.keys(globalThis)")).toEqual([])
  })

  test("fit together with Node's own objects", async () => {
    expect(
      await evaluate("[Buffer.from('a') instanceof Uint8Array, new Uint8Array(1) instanceof Uint8Array]"),
    ).toEqual([true, true])
  })

  test("let code be made from text inside the context", async () => {
    expect(await evaluate("[eval('1 + 1'), new Function('return 2')()]")).toEqual([2, 2])
  })

  test("timers are Node's, promisified forms and all", async () => {
    const body = `
      const { promisify } = require("util")
      const cleared = setTimeout(() => cb(null, "not cleared"), 10)
      clearTimeout(+cleared)
      const repeated = setInterval(() => {
        clearInterval(repeated)
        promisify(setTimeout)(20, "value").then((value) => cb(null, [typeof repeated.unref, value]))
      }, 1)`
    const { outcome } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: ["function", "value"] })
  })
})

describe("the code of the runtime around it", () => {
  test.each([
    ["a function", "setTimeout"],
    ["a module", "require('events')"],
    [
      "an error of Node's",
      "(() => { try { require('url').pathToFileURL(1) } catch (e) { return e.constructor } })()",
    ],
    ["require", "require"],
  ])("makes no function from text for a hook that comes by %s", async (_, reach) => {
    const expression = `(() => { try { return ${reach}.constructor.constructor('return process')().pid } catch (e) { return e.name } })()`
    expect(await evaluate(expression)).toBe("EvalError")
  })

  test("cannot be imported from", async () => {
    const { outcome } = await runBody(executors, "import('node:fs').then(() => cb(null, 'imported'), cb)")
    expect(outcome.status).toBe("rejected")
  })
})

describe("require", () => {
  test.each([
    "fs",
    "child_process",
    "worker_threads",
    "module",
    "vm",
    "inspector",
    "v8",
    "cluster",
    "dgram",
    "domain",
    "sqlite",
  ])("gives a %s that can be loaded and does nothing", async (name) => {
    const expression = `["${name}", "node:${name}"].map((name) => {
        const { anything } = require(name)
        try { return anything.deep() } catch (e) { return e.code }
      })`
    expect(await evaluate(expression)).toEqual(["ERR_HOOK_DENIED", "ERR_HOOK_DENIED"])
  })

  test("gives a class that cannot be made, but be extended", async () => {
    const expression =
      "(() => { class A extends require('worker_threads').Worker {}; try { new A() } catch (e) { return e.code } })()"
    expect(await evaluate(expression)).toBe("ERR_HOOK_DENIED")
  })

  test.each([
    "assert",
    "buffer",
    "constants",
    "crypto",
    "events",
    "http",
    "https",
    "path",
    "querystring",
    "stream",
    "url",
    "util",
    "zlib",
    "node:util/types",
  ])("gives Node's own %s", async (name) => {
    expect(await evaluate(`Object.keys(require("${name}")).length > 0`)).toBe(true)
  })

  test("gives a module that refuses with all the names that it has, for packages that copy it", async () => {
    const script = `
      const fs = require("fs"), { promisify } = require("util")
      const copy = {}
      for (const name of Object.getOwnPropertyNames(fs)) {
        Object.defineProperty(copy, name, Object.getOwnPropertyDescriptor(fs, name))
      }
      const refused = (act) => { try { act() } catch (error) { return error.message } }
      const stat = promisify(copy.stat)
      stat("/").catch((error) => cb(null, [error.message, refused(() => copy.readFileSync("/")), "watch" in fs, "none" in fs]))`
    const { outcome } = await runBody(executors, script)
    const refusal = (name: string) => `fs.${name} is not available to hooks`
    expect(outcome).toEqual({
      status: "returned",
      value: [refusal("stat"), refusal("readFileSync"), true, false],
    })
  })

  test("gives file systems where nothing is, in the way in which packages ask", async () => {
    const script = `
      const fs = require("fs"), { readFile } = require("fs/promises")
      const codes = [fs.promises.readFile("/a"), readFile("/b")].map((read) => read.catch((e) => e.code))
      Promise.all(codes).then((codes) => cb(null, [fs.existsSync("/etc"), ...codes]))`
    const { outcome } = await runBody(executors, script)
    expect(outcome).toEqual({ status: "returned", value: [false, "ERR_HOOK_DENIED", "ERR_HOOK_DENIED"] })
  })

  test("gives channels for diagnostics that nobody listens to", async () => {
    const script = `
      const { channel, tracingChannel, subscribe } = require("diagnostics_channel")
      const heard = []
      subscribe("http.client.request.start", (message) => heard.push(message))
      const traced = tracingChannel("query")
      const sum = (a, b) => a + b
      cb(null, [
        channel("a").hasSubscribers,
        channel("a").runStores({}, sum, null, 1, 2),
        traced.traceSync(sum, {}, null, 3, 4),
        traced.traceCallback((a, done) => done(a), -1, {}, null, 5, (value) => value),
        traced.start.publish({}),
        heard,
      ])`
    const { outcome } = await runBody(executors, script)
    expect(outcome).toEqual({ status: "returned", value: [false, 3, 7, 5, null, []] })
  })

  test("lets packages see that they run in Node, and in no other thread's service", async () => {
    const expression = `[
      Object.prototype.toString.call(process),
      require("worker_threads").isMainThread,
      require("worker_threads").parentPort,
      {} instanceof MessagePort,
    ]`
    expect(await evaluate(expression)).toEqual(["[object process]", true, null, false])
  })

  test.each(["os", "timers", "timers/promises", "async_hooks", "perf_hooks", "tty", "process", "console"])(
    "gives a %s of its own",
    async (name) => {
      expect(await evaluate(`Object.keys(require("${name}")).length > 0`)).toBe(true)
    },
  )

  test("finds nothing by path, and nothing that was not asked for", async () => {
    const expression = `["./a", "/etc/passwd", "../package.json", "piscina", "constructor"].map((id) => {
      try { return typeof require(id) } catch (e) { return e.code }
    })`
    expect(await evaluate(expression)).toEqual(Array(5).fill("MODULE_NOT_FOUND"))
  })
})

describe("process", () => {
  test("shows a machine without anything of its own", async () => {
    expect(
      await evaluate("[process.env, process.cwd(), process.pid, process.argv, typeof process.version]"),
    ).toEqual([{}, "/", 1, ["node", "/hook.js"], "string"])
  })

  test.each([
    "binding",
    "getBuiltinModule",
    "dlopen",
    "kill",
    "mainModule",
    "report",
    "permission",
    "chdir",
    "abort",
  ])("has no %s", async (name) => {
    expect(await evaluate(`typeof process.${name}`)).toBe("undefined")
  })

  test("takes listeners and forgets them", async () => {
    expect(await evaluate("process.on('exit', () => {}) === process && process.listenerCount('exit')")).toBe(
      0,
    )
  })

  test("writes to the console", async () => {
    const { logs } = await runBody(
      executors,
      "process.stdout.write('out\\n'); process.stderr.write('err\\n'); cb()",
    )
    expect(logs).toMatchObject([
      { level: "info", message: "out" },
      { level: "error", message: "err" },
    ])
  })
})

describe("console", () => {
  test("keeps level, order and time", async () => {
    const before = Date.now()
    const { logs } = await runBody(
      executors,
      "console.log('a %s', 'b', { c: [1] }); console.debug('d'); console.warn('e'); console.error('f'); console.assert(false, 'g'); cb()",
    )
    expect(logs.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "info a b { c: [ 1 ] }",
      "debug d",
      "warn e",
      "error f",
      "error Assertion failed g",
    ])
    for (const { at } of logs) expect(at).toBeGreaterThanOrEqual(before)
  })

  test("does not run code of the values that it shows", async () => {
    const body = `
      const { inspect } = require("util")
      console.log({ [inspect.custom]() { throw new Error("ran") }, get x() { throw new Error("ran") } })
      console.log("%s", { toString() { throw new Error("ran") } })
      cb(null, "fine")`
    const { outcome, logs } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: "fine" })
    expect(logs.length).toBe(2)
  })

  test("counts, times and groups", async () => {
    const body =
      "console.count(); console.count(); console.time('t'); console.timeEnd('t'); console.group('g'); console.groupEnd(); console.table([1]); cb()"
    const { logs } = await runBody(executors, body)
    expect(logs.map(({ message }) => message.replace(/[\d.]+ms/, "…"))).toEqual([
      "default: 1",
      "default: 2",
      "t: …",
      "g",
      "[ 1 ]",
    ])
  })
})
