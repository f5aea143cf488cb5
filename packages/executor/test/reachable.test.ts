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
    for (const name of POWERS) {
      try { if (Object.hasOwn(value, name) && (typeof value[name] === "function" || name === "parentPort")) found.push(path + "." + name) } catch {}
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
    add(new AbortController().signal, "a signal")
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
  "console",
  "crypto",
  "dns",
  "events",
  "http",
  "https",
  "net",
  "os",
  "path",
  "perf_hooks",
  "process",
  "querystring",
  "stream",
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
