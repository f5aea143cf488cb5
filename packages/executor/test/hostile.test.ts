import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, start, taskOf } from "./harness.ts"
import { scriptOf } from "./hostile/attack.ts"
import { CONNECT } from "./hostile/connect.ts"
import { REACH } from "./hostile/reach.ts"

const SECRET = "the content of a file on this machine"
const folder = mkdtempSync(join(tmpdir(), "hooklane-hostile-"))
const marker = join(folder, "marker")
let listener: Server
let port = 0
let visits = 0
let executors: Executors

beforeAll(async () => {
  writeFileSync(marker, SECRET)
  listener = createServer((socket) => {
    visits += 1
    socket.on("error", () => {}).end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
  })
  await new Promise<void>((done) => listener.listen(0, "::", done))
  const address = listener.address()
  port = typeof address === "object" && address ? address.port : 0
  executors = await start()
})

afterAll(async () => {
  await executors.close()
  listener.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  ["reach", REACH],
  ["connect", CONNECT],
])("hostile hooks that want to %s get nothing:", (kind, attacks) => {
  test.each(attacks.map(([name], number) => ({ name, number })))("$name", async ({ number }) => {
    const event = { user: { attack: number }, context: { connection: {} } }
    const script = scriptOf(attacks, { port, marker })
    const report = await executors.run(taskOf(script, { versionId: kind, timeoutMs: 5_000, event }), noAbort)
    expect(report.outcome).toMatchObject({ status: "returned", value: { got: null } })
    expect(JSON.stringify(report)).not.toContain(SECRET)
    expect(visits).toBe(0)
    expect(readdirSync(folder)).toEqual(["marker"])
  })
})

test("after all of them a benign hook gets its exact answer", async () => {
  const script = "module.exports = (user, context, cb) => cb(null, { exact: [user.email, 1 + 1] })"
  const { outcome } = await executors.run(taskOf(script), noAbort)
  expect(outcome).toEqual({ status: "returned", value: { exact: ["user1@example.com", 2] } })
})
