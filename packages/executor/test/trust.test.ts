import { once } from "node:events"
import { createServer } from "node:https"
import { beforeAll, expect, test } from "vitest"
import { issueCertificate } from "../../../scripts/tls/certificate.ts"
import { noAbort, start, taskOf } from "./harness.ts"

const { key, certificate } = issueCertificate()
let port = 0

beforeAll(async () => {
  const server = createServer({ key, cert: certificate }, (_, response) => response.end("in private"))
  server.listen(0, "localhost")
  await once(server, "listening")
  const address = server.address()
  if (typeof address !== "object" || !address) throw new Error("A TCP server has no port")
  port = address.port
  return () => {
    server.closeAllConnections()
    server.close()
  }
})

/** Runs bodies of a hook of one version, one after the other, and gives what they answered. */
async function run(authorities: readonly string[], bodies: string[]): Promise<unknown[]> {
  const egress = { mode: "public" as const, allow: [], exceptions: [{ host: "localhost", port }] }
  await using resources = new AsyncDisposableStack()
  const executors = await start({ threads: 1, egress, authorities })
  resources.defer(() => executors.close())
  const script = `const bodies = [${bodies.map((body) => `async (url) => { ${body} }`)}]
    module.exports = ({ turn }, context, cb) => bodies[turn]("https://localhost:${port}/").then(
      (value) => cb(null, value), (error) => cb(null, error.code || error.cause?.code || error.message))`
  const answers = []
  for (const turn of bodies.keys()) {
    const event = { user: { turn }, context: { connection: {} } }
    const { outcome } = await executors.run(taskOf(script, { versionId: "one", event }), noAbort)
    answers.push(outcome.status === "returned" ? outcome.value : outcome)
  }
  return answers
}

const WAYS = [
  "return (await fetch(url)).text()",
  `return new Promise((resolve, reject) =>
    require("https").get(url, (answer) => answer.setEncoding("utf8").once("data", resolve)).on("error", reject))`,
  `return new Promise((resolve, reject) => {
    const { port, hostname } = new URL(url)
    const socket = require("tls").connect(port, hostname, () => resolve(socket.authorized)).on("error", reject)
  })`,
]

test("a service with a certificate of its own is not believed", async () => {
  expect(await run([], WAYS)).toEqual(Array(3).fill("DEPTH_ZERO_SELF_SIGNED_CERT"))
})

test("one whose authority the deployment trusts is, by fetch, https and tls", async () => {
  expect(await run([certificate], WAYS)).toEqual(["in private", "in private", true])
})

test("Node's own authorities are trusted all the same", async () => {
  const count = ['return require("tls").getCACertificates("default").length']
  const [without] = await run([], count)
  expect(await run([certificate], count)).toEqual([Number(without) + 1])
})

test("a hook cannot change whom later runs trust", async () => {
  const attempts = [
    'require("tls").setDefaultCACertificates([])',
    'return Object.isFrozen(require("tls").getCACertificates("default"))',
    "return (await fetch(url)).text()",
  ]
  const [refusal, ...rest] = await run([certificate], attempts)
  expect(refusal).toMatch(/not a function/)
  expect(rest).toEqual([true, "in private"])
})
