import { afterAll, beforeAll, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { runBody, start } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

/**
 * Walks over everything that leads from a hook's objects to others, as an attacker would, and tells the way to
 * anything with power over the machine. Accessors are read, too; what is denied is a proxy and is passed over.
 */
const WALK = `
  const { types } = require("util")
  const POWERS = ["binding", "_linkedBinding", "dlopen", "reallyExit", "_kill", "getBuiltinModule", "setEngine", "ZipFile", "WebSocket", "readFileSync",
    "openSync", "execSync", "spawnSync", "createRequire", "_load", "parentPort", "workerData", "writeHeapSnapshot"]
  // Node's names for the methods by which objects are cloned, transferred, and made by the name of their class.
  const isTransfer = (key) => typeof key === "symbol" && Symbol.keyFor(key) === undefined && /messaging|transfer|deserialize|clone/i.test(key.description)
  // Objects of the engine's outside that stand for descriptors, other threads and processes.
  const HANDLES = ["FileHandle", "FSReqCallback", "MessagePort", "MessageChannel", "Pipe", "Process", "TCP", "TTY", "UDP", "Worker", "BuiltinModule", "ContextifyScript", "Module"]
  // Ours, in the language itself; what moves through them is looked at below.
  const isOurs = (value) => value === globalThis.MessagePort || value === globalThis.MessageChannel
  // Stand-ins: nothing of Node's inside comes out of them.
  const isHarmless = (name, value) => types.isProxy(value) || (name === "binding" && Object.keys(value("fs")).length === 0) ||
    (name === "getBuiltinModule" && value("fs") === require("fs"))
  const isHandle = (value) => typeof value === "function" && HANDLES.includes(value.name) && types.isProxy(value) === false && !isOurs(value)
  // Natives that read hidden methods of what they are given, and make what those name.
  const makesByName = (value) => typeof value === "function" && ["structuredClone", "postMessage", "transferableAbortController", "transferableAbortSignal"].includes(value.name) && !/transferOf|structuredClone\\(/.test(value.toString())
  const isRealSocket = (value) => typeof value === "function" && typeof value.prototype === "object" &&
    value.prototype !== null && Object.hasOwn(value.prototype, "_unrefTimer")
  const seen = new Set()
  const found = []
  const queue = []
  const add = (value, path) => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return
    if (seen.has(value) || types.isProxy(value)) return
    seen.add(value)
    queue.push([value, path])
    if (isRealSocket(value)) found.push(path + " (socket)")
    if (isHandle(value)) found.push(path + " (handle " + value.name + ")")
    if (makesByName(value)) found.push(path + " (makes by name)")
    if (value === Object(value) && Object.prototype.toString.call(value) === "[object MessagePort]") found.push(path + " (port)")
    for (const key of Object.getOwnPropertySymbols(value)) if (isTransfer(key)) found.push(path + "." + String(key))
    for (const name of POWERS) {
      try { if (Object.hasOwn(value, name) && !isHarmless(name, value[name]) && (typeof value[name] === "function" || name === "parentPort")) found.push(path + "." + name) } catch {}
    }
  }
  const start = async () => {
    for (const name of MODULES) add(require(name), name)
    add(globalThis, "globalThis")
    const net = require("net"), tls = require("tls"), http = require("http"), stream = require("stream")
    const socket = net.connect(9, "127.0.0.1").on("error", () => {})
    add(socket, "a socket")
    const secured = tls.connect({ port: 9, host: "127.0.0.1" }).on("error", () => {})
    add(secured, "a TLS socket")
    add(http.get("http://127.0.0.1:9/").on("error", () => {}), "a request")
    add(setTimeout(() => {}, 1), "a timer")
    add(setImmediate(() => {}), "an immediate")
    add(new stream.Transform(), "a stream")
    add(new Response("a").body, "a body")
    add(new Blob(["a"]), "a blob")
    add(new Blob(["a"]).stream(), "the stream of a blob")
    add(new File(["a"], "a"), "a file")
    add(new DOMException("a"), "an exception of the web's")
    add(new CompressionStream("gzip"), "a compression stream")
    add(new TextDecoderStream(), "a decoder's stream")
    add(stream.Readable.toWeb(stream.Readable.from([])), "a web stream of Node's")
    add(stream.Duplex.toWeb(new stream.PassThrough()), "web streams of Node's")
    add(new net.BlockList(), "a block list")
    add(new net.SocketAddress(), "an address")
    add(new URLSearchParams("a=b").entries(), "an iterator")
    add(new Headers({ a: "b" }).entries(), "an iterator of headers")
    add(new FormData().entries(), "an iterator of a form")
    add(AbortSignal.timeout(1), "a signal with a timer")
    add(new CustomEvent("a"), "an event")
    add(await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]), "a web key")
    add(require("crypto").createSecretKey("a", "utf8"), "a key")
    add(require("zlib").createGzip(), "a gzip stream")
    add(require("zlib").createBrotliDecompress(), "a brotli stream")
    add(require("crypto").createHash("sha256"), "a hash")
    add(performance.mark("a", { detail: {} }), "a mark")
    add(structuredClone(new Map([[1, new Error("a")]])), "a clone")
    try { structuredClone(() => {}) } catch (error) { add(error, "an error of a clone") }
    add(new AbortController().signal, "a signal")
    add(new MessageChannel().port1, "a port")
    add(new MessageEvent("a"), "an event of a message")
    add(new PerformanceObserver(() => {}), "an observer")
    add(process.stdout, "an output")
    add(process.stdin, "the input")
    add(new console.Console(process.stdout), "a console")
    add(require("vm").createContext({}), "a context of vm")
    add(new (require("vm").Script)("1"), "a script")
    add(require("readline").createInterface({ input: stream.Readable.from([]) }), "a reader of lines")
    add(new URLPattern({ pathname: "/a" }), "a pattern")
    add(await fetch("http://127.0.0.1:9/").catch((error) => error), "an error of fetch")
    await new Promise((resolve) => net.connect(9, "127.0.0.1").on("error", (error) => { add(error, "an error"); resolve() }))
    try { require("url").pathToFileURL(1) } catch (error) { add(error, "an error of Node's") }
    for (let step = queue.shift(); step && seen.size < 60000; step = queue.shift()) {
      const [value, path] = step
      add(Object.getPrototypeOf(value), path + ".__proto__")
      for (const key of Reflect.ownKeys(value)) {
        try { add(Reflect.get(value, key), path + "." + String(key)) } catch {}
      }
    }
    return { found, objects: seen.size }
  }
  start().then((result) => cb(null, result), cb)`

const MODULES = [
  "assert",
  "async_hooks",
  "buffer",
  "child_process",
  "cluster",
  "console",
  "crypto",
  "dgram",
  "diagnostics_channel",
  "dns",
  "domain",
  "events",
  "fs",
  "http",
  "https",
  "module",
  "net",
  "os",
  "path",
  "perf_hooks",
  "process",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "timers",
  "timers/promises",
  "tls",
  "tty",
  "url",
  "util",
  "util/types",
  "v8",
  "vm",
  "worker_threads",
  "zlib",
]

test("nothing that a hook can reach has power over the machine", async () => {
  const body = WALK.replace("MODULES", JSON.stringify(MODULES))
  const { outcome } = await runBody(executors, body, { triggerId: "credentials-exchange" })
  expect(outcome).toMatchObject({ status: "returned", value: { found: [] } })
  const objects =
    "value" in outcome &&
    outcome.value instanceof Object &&
    "objects" in outcome.value &&
    outcome.value.objects
  expect(Number(objects)).toBeGreaterThan(2_000)
})
