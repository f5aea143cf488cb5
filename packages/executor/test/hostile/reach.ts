import type { Attack } from "./attack.ts"

const DENIED = [
  "fs",
  "fs/promises",
  "child_process",
  "cluster",
  "worker_threads",
  "vm",
  "v8",
  "module",
  "inspector",
  "repl",
  "sqlite",
  "wasi",
  "dgram",
  "domain",
  "http2",
  "trace_events",
  "diagnostics_channel",
  "ffi",
  "sea",
  "vfs",
]

/** Every module that can do harm: loading it gives nothing that can be called. */
const modules: Attack[] = DENIED.flatMap((name) => [
  [`require ${name}`, `return require("${name}").anything()`],
  [`require node:${name}, deep`, `return new (require("node:${name}").a.b.C)().d`],
])

/** Ways to the machine: files, processes, modules, memory, other threads. */
export const REACH: Attack[] = [
  ...modules,
  ["read a file", `return require("fs").readFileSync(MARKER, "utf8")`],
  ["read a file by promise", `return await require("fs/promises").readFile(MARKER, "utf8")`],
  ["require a file", `return require(MARKER)`],
  ["require a JSON file", `return JSON.stringify(require("/etc/os-release"))`],
  ["require a relative file", `return require("../package.json").name`],
  ["require a file address", `return require("file://" + MARKER)`],
  [
    "require.resolve, cache, main, extensions",
    `return orNothing([...Object.keys(require.cache), ...Object.keys(require.extensions), ...realPowers(require.main)]) ||
      require.main.require || require.resolve(MARKER)`,
  ],
  [
    "module.parent, paths, children, constructor",
    `return module.parent || module.paths || module.children || orNothing(realPowers(module.constructor))`,
  ],
  ["import a module", `return (await import("node:fs")).readFileSync(MARKER, "utf8")`],
  ["import from eval", `return (await eval("import('node:fs')")).readFileSync`],
  ["import from new Function", `return (await new Function("return import('node:fs')")()).readFileSync`],
  ["import data", `return (await import("data:text/javascript,export default 1")).default`],
  ["import a file", `return await import("file://" + MARKER)`],
  ["process.binding", `return orNothing(Object.getOwnPropertyNames(process.binding("fs")))`],
  ["process._linkedBinding", `return process._linkedBinding("fs")`],
  ["process.getBuiltinModule", `return process.getBuiltinModule("fs").readFileSync(MARKER, "utf8")`],
  ["process.mainModule.require", `return process.mainModule.require("fs")`],
  ["process.dlopen", `return process.dlopen({ exports: {} }, "/lib/x86_64-linux-gnu/libc.so.6")`],
  ["process.kill the parent", `process.kill(process.ppid, 0); return "signalled"`],
  ["process.kill all", `process.kill(-1, 0); return "signalled"`],
  ["process.abort", `process.abort(); return "aborted"`],
  ["process.execve", `return process.execve("/bin/true")`],
  ["process.chdir", `process.chdir("/tmp"); return "changed"`],
  ["process.umask", `const before = process.umask(0); return process.umask() !== before && "changed"`],
  ["process.setuid", `process.setuid(0); return "changed"`],
  ["process.report", `return process.report.getReport().environmentVariables`],
  ["process.permission", `return process.permission.has("fs.read")`],
  ["process.env", `return orNothing(Object.keys(process.env))`],
  [
    "process.argv, execArgv, execPath",
    `return process.execArgv.length || [process.execPath, ...process.argv].find((one) => /hooklane|executor|node_modules/.test(one))`,
  ],
  [
    "process.stdout descriptors",
    `return process.stdout._handle ?? process.stderr._handle ?? process.stdin._handle`,
  ],
  ["write to a descriptor", `return require("fs").writeSync(3, "a")`],
  ["read the input", `return process.stdin.read()`],
  ["process._getActiveHandles", `return process._getActiveHandles()`],
  ["process.constructor", `return orNothing(realPowers(process.constructor))`],
  ["the prototype of process", `return orNothing(realPowers(Object.getPrototypeOf(process)))`],
  [
    "constructor of a timer",
    `return orNothing(realPowers(setTimeout.constructor.constructor("return process")()))`,
  ],
  ["constructor of require", `return orNothing(realPowers(require.constructor("return process")()))`],
  ["constructor of console.log", `return orNothing(realPowers(console.log.constructor("return process")()))`],
  ["constructor of a class", `return orNothing(realPowers(URL.constructor("return process")()))`],
  [
    "constructor of a module's function",
    `return orNothing(realPowers(require("util").inspect.constructor("return process")()))`,
  ],
  [
    "constructor of an async host function",
    `const AsyncFunction = fetch.constructor; return orNothing(realPowers(await AsyncFunction("return process")()))`,
  ],
  [
    "constructor of Node's error",
    `try { require("url").pathToFileURL(1) } catch (e) { return orNothing(realPowers(e.constructor.constructor("return process")())) }`,
  ],
  [
    "constructor of an import's rejection",
    `return await import("x").catch((e) => orNothing(realPowers(e.constructor.constructor("return process")())))`,
  ],
  [
    "constructor of a fetch error",
    `return await fetch("nothing:").catch((e) => orNothing(realPowers(e.constructor.constructor("return process")())))`,
  ],
  [
    "constructor of the event",
    `return orNothing(realPowers(user.constructor.constructor("return process")()))`,
  ],
  [
    "constructor of a buffer's own",
    `return orNothing(realPowers(Buffer.from("a").buffer.constructor.constructor("return process")()))`,
  ],
  ["eval in the thread's realm", `return setTimeout.constructor("return 1")()`],
  ["globalThis by sloppy this", `return orNothing(realPowers((function () { return this })().process))`],
  [
    "global by generator",
    `return orNothing(realPowers(Object.getPrototypeOf(function* () {}).constructor("return process")().next().value))`,
  ],
  ["caller and arguments", `function f() { return f.caller } return orNothing(realPowers(f()))`],
  [
    "prepareStackTrace of the context",
    `Error.prepareStackTrace = (_, sites) => sites.map((s) => s.getThis()).find((t) => realPowers(t).length); return new Error().stack`,
  ],
  [
    "prepareStackTrace of the thread",
    `const HostError = Object.getPrototypeOf(Object.getPrototypeOf(new (require("url").URL)("a:b").constructor)); const E = DOMException.__proto__; const host = setTimeout.constructor; let real; try { require("url").pathToFileURL(1) } catch (e) { real = Object.getPrototypeOf(e.constructor) } real.prepareStackTrace = (_, sites) => sites.map((s) => s.getThis()).find((t) => realPowers(t).length); try { require("url").pathToFileURL(1) } catch (e) { return Array.isArray(e.stack) ? e.stack : undefined }`,
  ],
  [
    "inspect.custom with the real inspect",
    `let seen; const { inspect } = require("util"); console.log({ [inspect.custom](d, o, i) { seen = i } }); return seen && orNothing(realPowers(seen.constructor("return process")()))`,
  ],
  [
    "this of a patched emitter",
    `const E = require("events"); let seen; const emit = E.prototype.emit; E.prototype.emit = function (...a) { if (realPowers(this).length) seen = realPowers(this); return emit.apply(this, a) }; const e = new E(); for (let n = 0; n < 12; n++) e.on("x", () => {}); await new Promise((r) => setTimeout(r, 20)); return seen`,
  ],
  [
    "this of a patched call",
    `let seen; const F = Object.getPrototypeOf(setTimeout); const call = F.call; F.call = function (...a) { if (realPowers(a[0]).length) seen = realPowers(a[0]); return Reflect.apply(this, a[0], a.slice(1)) }; await new Promise((r) => setTimeout(r, 5)); F.call = call; return seen`,
  ],
  [
    "proxy as an argument",
    `let seen; const p = new Proxy({}, { get(t, k, r) { return undefined }, getPrototypeOf(t) { return Object.prototype }, ownKeys(t) { return [] } }); console.log(p, "%o", p); require("util").inspect(p); structuredClone({}); return seen`,
  ],
  [
    "promise species",
    `let seen; const P = Object.getPrototypeOf(fetch("data:,a")).constructor; class S { constructor(run) { run((v) => { seen = v }, () => {}) } } Object.defineProperty(P, Symbol.species, { value: S, configurable: true }); await new Promise((r) => setTimeout(r, 20)); return seen && orNothing(realPowers(seen))`,
  ],
  [
    "array species",
    `let seen; class A extends Array { static get [Symbol.species]() { return function () { seen = realPowers(this); return [] } } } require("util").format("%j", A.from([1])); return seen && orNothing(seen)`,
  ],
  [
    "symbols across realms",
    `return orNothing(realPowers(globalThis[Symbol.for("nodejs.unsettledtopLevelawait")] || process[Symbol.for("process")]))`,
  ],
  [
    "__defineGetter__ on the thread's objects",
    `const host = Object.getPrototypeOf(Object.getPrototypeOf(setTimeout)); let seen; host.__defineGetter__("zz", function () { seen = this }); await 0; delete host.zz; return seen && orNothing(realPowers(seen))`,
  ],
  ["webassembly", `return new WebAssembly.Memory({ initial: 1 })`],
  [
    "webassembly of the thread",
    `return orNothing(realPowers(setTimeout.constructor("return WebAssembly")()))`,
  ],
  ["shared memory", `return new SharedArrayBuffer(8)`],
  ["Atomics", `return Atomics.wait`],
  ["broadcast to other threads", `return new BroadcastChannel("a")`],
  [
    "message channels",
    `const { port1 } = new MessageChannel()
    const name = (object) => Object.prototype.toString.call(object)
    return orNothing([port1.postMessage, port1.ref, port1.close].filter((act) => /native code/.test(act))) ||
      (name(port1) === "[object MessagePort]" && name(port1)) || require("worker_threads").receiveMessageOnPort(port1)`,
  ],
  [
    "nested worker",
    `return new (require("worker_threads").Worker)("require('fs')", { eval: true, execArgv: [] })`,
  ],
  ["worker global", `return new Worker("data:,")`],
  [
    "old memory",
    `const found = []; for (let n = 0; n < 2000; n++) { const b = Buffer.allocUnsafeSlow(4096); if (b.some((x) => x !== 0)) found.push(n) } return orNothing(found)`,
  ],
  [
    "the control channel by net",
    `const s = new (require("net").Socket)({ fd: 3 }); s.on("data", () => {}); return "opened"`,
  ],
  ["the control channel by a number", `return new (require("net").Socket)(3)`],
  [
    "the control channel by a class",
    `class S extends require("net").Socket { constructor() { super({ fd: 3 }) } } return new S()`,
  ],
  [
    "the real socket by TLS",
    `const tls = require("tls"); const Real = Object.getPrototypeOf(tls.TLSSocket); return new Real({ fd: 3 })`,
  ],
  [
    "the real socket by TLS's prototype",
    `const tls = require("tls"); const Real = Object.getPrototypeOf(tls.TLSSocket.prototype).constructor; return new Real({ fd: 3 })`,
  ],
  [
    "the real socket called on a TLS socket",
    `const tls = require("tls"); const one = Object.create(tls.TLSSocket.prototype); require("net").Socket.call(one, { fd: 3 }); return one._handle`,
  ],
  [
    "the real socket by the wrapper in TLS",
    `const { Duplex } = require("stream"); const tls = require("tls"); const t = new tls.TLSSocket(new Duplex({ read() {}, write() {} })); t.on("error", () => {}); const wrap = t._handle._parentWrap; const Real = Object.getPrototypeOf(wrap.constructor); return new Real({ fd: 3 })`,
  ],
  ["a server on the control channel", `return require("http").createServer().listen({ fd: 3 })`],
  ["a terminal", `return new (require("tty").ReadStream)(3)`],
  [
    "AsyncLocalStorage of the runtime",
    `return orNothing(Object.keys(new (require("async_hooks").AsyncLocalStorage)().getStore() || {}))`,
  ],
  [
    "async_hooks.createHook",
    `const heard = []
    require("async_hooks").createHook({ init: (_, type) => heard.push(type) }).enable()
    await new Promise((resolve) => setTimeout(resolve, 1))
    return orNothing([...heard, ...Object.keys(require("async_hooks").executionAsyncResource())])`,
  ],
  [
    "spying by performance",
    `const { PerformanceObserver, monitorEventLoopDelay } = require("perf_hooks")
    const heard = [], delay = monitorEventLoopDelay()
    const observer = new PerformanceObserver((list) => heard.push(list))
    for (const type of ["http", "net", "gc", "function", "mark"]) observer.observe({ type, buffered: true })
    delay.enable()
    await fetch("http://127.0.0.1:1").catch(() => {})
    return orNothing([...heard, ...observer.takeRecords()]) || delay.max || undefined`,
  ],
  ["the inspector", `return require("inspector").url()`],
  ["a heap snapshot", `return require("v8").writeHeapSnapshot("/tmp/heap")`],
  ["native crypto engines", `require("crypto").setEngine(MARKER); return "loaded"`],
  [
    "a key from a file address",
    `return require("crypto").createPrivateKey({ key: new URL("file://" + MARKER) })`,
  ],
  ["an archive from a file", `return require("zlib").ZipFile.openSync(MARKER)`],
  ["a WebSocket by http", `return new (require("http").WebSocket)("ws://127.0.0.1:1")`],
  ["the whole process's FIPS", `return require("crypto").setFips(0) ?? 1`],
  ["a blob from a file", `return await require("fs").openAsBlob(MARKER)`],
  ["fetch a file", `return await (await fetch("file://" + MARKER)).text()`],
  [
    "TLS with files of the machine",
    `return require("tls").createSecureContext({ ca: MARKER, engine: "x" }) && undefined`,
  ],
  ["secrets of other hooks", `const { secrets } = context.webtask; return orNothing(Object.keys(secrets))`],
  ["run ids and limits", `return context.webtask.timeoutMs || context.webtask.policy || globalThis.settings`],
  [
    "the host's Object through a return value",
    `const hostObject = require("util").types.isProxy; return orNothing(realPowers(hostObject.__proto__.__proto__.constructor("return process")))`,
  ],
]
