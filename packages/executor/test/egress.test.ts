import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createServer as createTcpServer } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors, ExecutorsOptions } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"

/** Counts who came: nobody may, unless a rule says so. */
let visits = 0
const server = createServer((request, response) => {
  visits += 1
  request.resume()
  if (request.url === "/redirect") response.writeHead(302, { location: `http://127.0.0.1:${secretPort}/` })
  response.end(`you asked for ${request.url}`)
})
const secret = createTcpServer(() => {
  visits += 1
})
let port = 0
let secretPort = 0
let executors: Executors

beforeAll(async () => {
  await Promise.all(
    [server, secret].map((one) => new Promise<void>((done) => one.listen(0, "127.0.0.1", done))),
  )
  port = portOf(server.address())
  secretPort = portOf(secret.address())
  executors = await start({ egress: rules("public") })
})

afterAll(async () => {
  await executors.close()
  server.closeAllConnections()
  server.close()
  secret.close()
})

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== "object" || !address) throw new Error("not listening")
  return address.port
}

function rules(mode: "none" | "public" | "allowlist"): NonNullable<ExecutorsOptions["egress"]> {
  return { mode, allow: [], exceptions: [{ host: "127.0.0.1", port }] }
}

const WAYS = {
  http: "require('http').get(URL, (r) => r.setEncoding('utf8').once('data', (text) => cb(null, text))).on('error', cb)",
  fetch: "fetch(URL).then((r) => r.text()).then((text) => cb(null, text), cb)",
  net: `const socket = require("net").connect(PORT, "127.0.0.1", () => socket.write("GET /net HTTP/1.0\\r\\n\\r\\n"))
    let text = ""
    socket.setEncoding("utf8").on("data", (more) => text += more).on("end", () => cb(null, text.slice(text.indexOf("you")))).on("error", cb)`,
}

describe("a service with an exception", () => {
  test.each(Object.entries(WAYS))("is reached with %s, run after run", async (name, body) => {
    const url = JSON.stringify(`http://127.0.0.1:${port}/${name}`)
    const script = `module.exports = (user, context, cb) => {
      ${body.replaceAll("URL", url).replaceAll("PORT", String(port))}
    }`
    for (const _ of [1, 2, 3]) {
      const report = await executors.run(taskOf(script, { versionId: name }), noAbort)
      expect(report.outcome).toEqual({ status: "returned", value: `you asked for /${name}` })
      expect(report.calls).toMatchObject([{ host: "127.0.0.1", port, allowed: true }])
    }
  })
})
