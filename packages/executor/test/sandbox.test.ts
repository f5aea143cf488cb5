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
    "EventSource",
    "Storage",
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

  test.each(["WebSocket", "BroadcastChannel"])("name a %s that cannot be made", async (name) => {
    const made = `(() => { try { return typeof new ${name}("ws://127.0.0.1:9") } catch (e) { return e.code } })()`
    expect(await evaluate(`[typeof ${name}, ${made}]`)).toEqual(["function", "ERR_HOOK_DENIED"])
  })

  test("have channels whose messages are clones", async () => {
    const body = `
      const { port1, port2 } = new MessageChannel()
      const sent = { a: [1] }, heard = []
      port2.on("message", (data) => heard.push(data))
      port2.onmessage = ({ data }) => { port1.close(); cb(null, [data, data !== sent, heard.length]) }
      port1.postMessage(sent)`
    const { outcome } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: [{ a: [1] }, true, 0] })
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
    ["fs", "rmSync"],
    ["child_process", "execSync"],
    ["worker_threads", "Worker"],
    ["module", "runMain"],
    ["vm", "measureMemory"],
    ["inspector", "open"],
    ["v8", "serialize"],
    ["cluster", "fork"],
    ["dgram", "Socket"],
    ["domain", "Domain"],
    ["http2", "connect"],
    ["tty", "ReadStream"],
    ["sqlite", "DatabaseSync"],
  ])("gives a %s that can be loaded, and whose %s does nothing", async (name, member) => {
    const body = `
      const codes = ["${name}", "node:${name}"].map(async (name) => {
        try { return await require(name).${member}() } catch (e) { return e.code }
      })
      Promise.all(codes).then((codes) => cb(null, [...codes, typeof require("${name}").none]))`
    const { outcome } = await runBody(executors, body)
    expect(outcome).toEqual({
      status: "returned",
      value: ["ERR_HOOK_DENIED", "ERR_HOOK_DENIED", "undefined"],
    })
  })

  test.each([
    ["fs.stat", "require('fs').stat('/a', done)"],
    ["fs.readFile", "require('fs').readFile('/a', 'utf8', done)"],
    ["fs.mkdir", "require('fs').mkdir('/a', { recursive: true }, done)"],
    ["child_process.exec", "require('child_process').exec('uname', done)"],
    ["child_process.execFile", "require('child_process').execFile('uname', ['-a'], {}, done)"],
    ["dns.resolveMx", "require('dns').resolveMx('example.org', done)"],
    ["dns.reverse", "require('dns').reverse('127.0.0.1', done)"],
    ["dns.resolve4", "new (require('dns').Resolver)().resolve4('example.org', done)"],
    ["dgram.Socket.send", "require('dgram').createSocket('udp4').send('a', 1, 'localhost', done)"],
    ["fs.write", "require('fs').write(7, 'a', done)"],
  ])("calls back that %s is denied, and later", async (name, call) => {
    const body = `
      let isLater = false
      const done = (error) => cb(null, [error.code, error.message, isLater])
      ${call}
      isLater = true`
    const { outcome } = await runBody(executors, body)
    const message = expect.stringContaining(`${name} is not available to hooks`)
    expect(outcome).toEqual({ status: "returned", value: ["ERR_HOOK_DENIED", message, true] })
  })

  test("rejects where Node would give a promise", async () => {
    const body = `
      const asked = [require("fs").promises.stat("/"), require("fs/promises").readFile("/"), require("dns").promises.resolveMx("a"),
        require("dns/promises").resolveTxt("a"), require("util").promisify(require("child_process").exec)("uname")]
      Promise.all(asked.map((one) => one.catch((error) => error.code))).then((codes) => cb(null, codes))`
    const { outcome } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: Array(5).fill("ERR_HOOK_DENIED") })
  })

  test("finds no file at once, as packages look for them", async () => {
    const expression = `["statSync", "readFileSync", "readdirSync", "accessSync", "realpathSync"].map((name) => {
      try { return require("fs")[name]("/etc") } catch (e) { return [e.code, e.message.split(" (")[0]] }
    })`
    const missing = (call: string) => ["ENOENT", `ENOENT: no such file or directory, ${call} '/etc'`]
    expect(await evaluate(expression)).toEqual(["stat", "open", "scandir", "access", "lstat"].map(missing))
    expect(
      await evaluate(
        "[require('fs').statSync('/a', { throwIfNoEntry: false }) === undefined, require('fs').constants.F_OK]",
      ),
    ).toEqual([true, 0])
  })

  test("streams files that are not there, which fails as a stream", async () => {
    const body = `
      const fs = require("fs"), codes = []
      const note = (error) => { codes.push(error.code); if (codes.length === 2) cb(null, codes) }
      fs.createReadStream("/a").on("error", note)
      fs.createWriteStream("/a").on("error", note)`
    const { outcome } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: ["ENOENT", "ERR_HOOK_DENIED"] })
  })

  test("lets packages set themselves up with what does nothing", async () => {
    const body = `
      const cluster = require("cluster"), domain = require("domain"), dgram = require("dgram")
      cluster.removeListener("message", () => {}); cluster.on("message", () => {}); process.on("SIGTERM", () => {})
      require("fs").watch("/a", () => {}).on("change", () => {}).close()
      require("module").register("./hooks.mjs"); require("async_hooks").createHook({ init() {} }).enable()
      dgram.createSocket("udp4").unref()
      cb(null, [cluster.isMaster, cluster.isWorker, domain.create().run((a) => a, 7), domain.active === undefined,
        require("v8").getHeapStatistics().used_heap_size, require("path").resolve("views"), require.resolve("fs"), require.main === module])`
    const { outcome } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: [true, false, 7, true, 0, "/views", "fs", false] })
  })

  test("gives a vm that compiles in the hook's own realm", async () => {
    const expression = `(() => {
      const vm = require("vm"), box = vm.createContext({ a: 2, out: 0 })
      const script = new vm.Script("var made = a + 1; out = made")
      script.runInContext(box)
      let syntax
      try { new vm.Script("a b") } catch (e) { syntax = e.name }
      return [vm.runInNewContext("a * 3", { a: 2 }), box.out, box.made, vm.isContext(box), vm.runInThisContext("1 + 1"),
        vm.compileFunction("return a + b", ["a", "b"])(1, 2), vm.runInNewContext("[]") instanceof Array, syntax, typeof out]
    })()`
    expect(await evaluate(expression)).toEqual([6, 3, 3, true, 2, 3, true, "SyntaxError", "undefined"])
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
      stat("/").catch((error) => cb(null, [error.message, refused(() => copy.rmSync("/")), "watch" in fs, "none" in fs]))`
    const { outcome } = await runBody(executors, script)
    const refusal = (name: string) => `fs.${name} is not available to hooks`
    expect(outcome).toEqual({
      status: "returned",
      value: [refusal("stat"), refusal("rmSync"), true, false],
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

  test.each(["mainModule", "permission", "reallyExit", "_linkedBinding"])("has no %s", async (name) => {
    expect(await evaluate(`typeof process.${name}`)).toBe("undefined")
  })

  test.each(["dlopen", "kill", "chdir", "abort", "setuid"])("refuses %s", async (name) => {
    const expression = `(() => { try { return process.${name}(1) } catch (e) { return e.code } })()`
    expect(await evaluate(expression)).toBe("ERR_HOOK_DENIED")
  })

  test("gives nothing of Node's inside", async () => {
    expect(
      await evaluate("[process.binding('fs'), process.getBuiltinModule('fs') === require('fs')]"),
    ).toEqual([{}, true])
  })

  test("keeps texts in its environment", async () => {
    const expression = `(() => {
      Object.assign(process.env, { A: false, B: 8080, C: undefined })
      Object.defineProperty(process.env, "D", { value: 1, writable: true, enumerable: true, configurable: true })
      delete process.env.B
      return [{ ...process.env }, process.env.NONE === undefined, "A" in process.env]
    })()`
    expect(await evaluate(expression)).toEqual([{ A: "false", C: "undefined", D: "1" }, true, true])
  })

  test("has output that calls back, can be piped to and stays open", async () => {
    const body = `
      const { Readable } = require("stream")
      process.stdout.write("a\\n", "utf8", () => {
        Readable.from(["b\\n"]).pipe(process.stdout, { end: true })
        process.stderr.end("c", () => setImmediate(() => process.stdout.write("d", () => cb(null, [process.stdout.isTTY, process.stdout.columns]))))
      })
      console._stdout.write("")
      require("fs").writeSync(1, "e\\n")`
    const { outcome, logs } = await runBody(executors, body)
    expect(outcome).toEqual({ status: "returned", value: [false, 80] })
    expect(logs.map(({ level, message }) => `${level} ${message}`).sort()).toEqual(
      ["info a", "info b", "info d", "info e", "error c"].sort(),
    )
  })

  test("prints warnings", async () => {
    const { logs } = await runBody(executors, "process.emitWarning('old', 'DeprecationWarning'); cb()")
    expect(logs).toMatchObject([{ level: "warn", message: "DeprecationWarning: old" }])
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
      "error Assertion failed: g",
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

  test("counts, times, groups and makes tables as Node does, and each run for itself", async () => {
    const body = `
      console.count(); console.count("a"); console.count(); console.countReset(); console.count()
      console.time("t"); console.timeEnd("t")
      console.group("g"); console.log("in\\nside"); console.group(); console.warn("deeper")
      console.groupEnd(); console.groupEnd(); console.log("out")
      console.table([{ a: 1 }]); console.dir({ a: { b: { c: {} } } }, { depth: 0 })
      console.log("%s is %d, %i, %f, %j %o %O%c", "a", 42.5, 42.5, "1.5", { a: 1 }, [1], { b: 2 }, "color: red", "rest")
      console.assert(true, "no"); console.assert(false); console.group("left open")
      cb()`
    const versionId = crypto.randomUUID()
    const lines = async () => {
      const { logs } = await runBody(executors, body, { versionId })
      return logs.map(({ message }) => message.replace(/[\d.]+ms/, "…"))
    }
    const expected = [
      "default: 1",
      "a: 1",
      "default: 2",
      "default: 1",
      "t: …",
      "g",
      "  in\n  side",
      "    deeper",
      "out",
      "┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘",
      "{ a: [Object] }",
      'a is 42.5, 42, 1.5, {"a":1} [ 1, [length]: 1 ] { b: 2 } rest',
      "Assertion failed",
      "left open",
    ]
    expect(await lines()).toEqual(expected)
    expect(await lines()).toEqual(expected)
  })
})

describe("timers/promises", () => {
  test("wait, are aborted, and repeat", async () => {
    const body = `
      const { setTimeout: wait, setImmediate: soon, setInterval: every, scheduler } = require("timers/promises")
      const told = []
      const stop = new AbortController()
      const aborted = wait(10_000, null, { signal: stop.signal, ref: false }).catch((e) => [e.name, e.code, e.cause])
      stop.abort("enough")
      told.push(await aborted, await wait(1, "a"), await soon("b"), await scheduler.wait(1) === undefined)
      for await (const value of every(1, "c")) if (told.push(value) === 6) break
      told.push(await wait(1, 0, { signal: AbortSignal.abort() }).catch((e) => e.name))
      const ticks = every(10_000, 0, { signal: AbortSignal.timeout(5) })
      told.push(await ticks.next().catch((e) => e.name), require("timers").promises.setTimeout === wait)
      return told`
    const { outcome } = await runBody(
      executors,
      `(async () => {${body}})().then((told) => cb(null, told), cb)`,
    )
    expect(outcome).toEqual({
      status: "returned",
      value: [
        ["AbortError", "ABORT_ERR", "enough"],
        "a",
        "b",
        true,
        "c",
        "c",
        "AbortError",
        "AbortError",
        true,
      ],
    })
  })
})
