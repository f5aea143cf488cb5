import { createServer } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, start, taskOf } from "./harness.ts"

const server = createServer((_, response) => response.end("hello"))
let port = 0
let executors: Executors

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const address = server.address()
  port = typeof address === "object" && address ? address.port : 0
  const exceptions = [{ host: "127.0.0.1", port }]
  executors = await start({ threads: 1, egress: { mode: "public", allow: [], exceptions } })
})

afterAll(async () => {
  await executors.close()
  server.closeAllConnections()
  server.close()
})

/** Counts its runs in module state, and in each does `body`. */
function counting(body: string, head = ""): string {
  return `${head}
    let runs = 0
    module.exports = async (user) => { runs += 1; ${body.replace("PORT", String(port))}; return { runs } }`
}

async function runTwice(script: string): Promise<unknown[]> {
  const task = taskOf(script)
  const values: unknown[] = []
  for (const _ of [1, 2]) {
    const { outcome } = await executors.run(task, noAbort)
    values.push(outcome.status === "returned" ? outcome.value : outcome)
  }
  return values
}

const KEPT = [{ runs: 1 }, { runs: 2 }]
const LOST = [{ runs: 1 }, { runs: 1 }]

describe("module state is kept", () => {
  test.each([
    ["computes", ""],
    [
      "uses modules",
      "for (const m of ['crypto', 'zlib', 'http', 'assert', 'util', 'stream', 'events', 'buffer', 'url']) require(m)",
    ],
    [
      "uses crypto",
      "require('crypto').createHash('sha256').update('a').digest('hex'); await require('util').promisify(require('crypto').scrypt)('a', 'b', 32)",
    ],
    ["uses web crypto", "await crypto.subtle.digest('SHA-256', new Uint8Array(1))"],
    ["compresses", "require('zlib').gzipSync('a')"],
    ["fetches", "await (await fetch('http://127.0.0.1:PORT/')).text()"],
    [
      "formats",
      "require('util').inspect({ a: new Map() }); new Intl.NumberFormat().format(1); /(a)/.exec('a')",
    ],
    ["streams", "await new Response(new Blob(['a']).stream()).text()"],
    ["waits", "await new Promise((done) => setTimeout(done, 1))"],
  ])("by a hook that %s", async (_, body) => {
    expect(await runTwice(counting(body))).toEqual(KEPT)
  })

  test("by a hook that keeps it in its global object", async () => {
    const script =
      "module.exports = async () => { global.runs = (global.runs ?? 0) + 1; return { runs: global.runs } }"
    expect(await runTwice(script)).toEqual(KEPT)
  })

  test("by a hook that patches things while it is loaded", async () => {
    const head =
      "String.prototype.shout = function () { return this + '!' }; require('events').prototype.more = 1"
    expect(await runTwice(counting("'a'.shout()", head))).toEqual(KEPT)
  })
})

describe("module state is lost, with all that was changed,", () => {
  test.each([
    ["a method of its own realm", "Array.prototype.map = 1"],
    ["a new method of its own realm", "Object.prototype.more = 1"],
    ["a method of Node's", "require('events').prototype.emit = function () {}"],
    ["a function of a module", "require('crypto').randomBytes = () => 4"],
    ["a method of the thread's realm", "setTimeout.constructor.prototype.call = null"],
    ["a shared class", "Buffer.from = null"],
  ])("by a hook that changes %s in a run", async (_, body) => {
    expect(await runTwice(counting(body))).toEqual(LOST)
  })

  test.each([
    ["Intl", "Intl.NumberFormat.prototype.formatToParts = null"],
    ["Temporal", "Temporal.Now.instant = null"],
    ["a typed array", "Float64Array.prototype.mine = 1"],
    ["a stream", "ReadableStream.prototype.getReader = null"],
  ])("within 8 runs by a hook that changes %s", async (_, body) => {
    const task = taskOf(counting(`if (runs === 1) { ${body} }`))
    const values: unknown[] = []
    for (let run = 0; run < 9; run += 1) {
      const { outcome } = await executors.run(task, noAbort)
      values.push(outcome.status === "returned" ? outcome.value : outcome)
    }
    expect(values.slice(1)).toContainEqual({ runs: 1 })
  })

  test("by a hook that asks for a fresh state", async () => {
    expect(await runTwice(`// hooklane: state=fresh\n${counting("")}`)).toEqual(LOST)
  })

  test("by such a hook even if it patches the thread while it is loaded", async () => {
    const head = "// hooklane: state=fresh\nconst seen = require('events').mark; require('events').mark = 1"
    expect(await runTwice(`${head}\nmodule.exports = async () => ({ seen })`)).toEqual([{}, {}])
  })
})
