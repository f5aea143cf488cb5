import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest"
import type { EgressRules } from "../src/contained/egress/egress-rules.ts"
import type { OutboundEvent } from "../src/contained/egress/outbound-connection.ts"
import { createRunBroker } from "../src/contained/egress/run-broker.ts"
import type { Address } from "../src/contained/net-protocol.ts"

/** What a stranger's name server says, whose answers last for a single question. */
const PUBLIC = { address: "198.32.64.12", family: 4 }
const LOOPBACK = { address: "127.0.0.1", family: 4 }
const OTHER_LOOPBACK = { address: "127.0.0.2", family: 4 }
const HOST = "rebinding.example"

let port = 0
let visits = 0
const server = createServer((socket) => {
  visits += 1
  socket.destroy()
})

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening")
  const address = server.address()
  if (typeof address !== "object" || !address) throw new Error("A TCP server has no port")
  port = address.port
})
beforeEach(() => {
  visits = 0
})
afterAll(() => void server.close())

/** A broker whose resolver gives the next of these answers each time. */
function openBroker(answers: Address[][], exceptions: EgressRules["exceptions"] = []) {
  const events: OutboundEvent[] = []
  let asked = 0
  const broker = createRunBroker({
    policy: {
      rules: { mode: "public", allow: [], exceptions },
      lookup: async () => answers[asked++] ?? [],
    },
    send: (event) => events.push(event),
    mayFlow: () => true,
    onCalls: () => {},
  })
  onTestFinished(() => {
    broker.finish()
    broker.close()
  })
  const heard = (id: number) => events.filter((event) => event.id === id)
  return { broker, heard, asked: () => asked }
}

const refused = [
  { kind: "closed", problem: { code: "EACCES", message: expect.stringMatching(/not a public/) } },
]

test("a connection goes to the address that was judged, whatever the name says next", async () => {
  const { broker, heard, asked } = openBroker([[LOOPBACK], [OTHER_LOOPBACK]], [{ host: HOST, port }])
  broker.handle({ kind: "net_open", id: 1, host: HOST, port })
  await expect
    .poll(() => heard(1)[0])
    .toMatchObject({ kind: "opened", remote: { address: "127.0.0.1", port } })
  expect([asked(), visits]).toEqual([1, 1])
})

test("a name that is public and private at once is refused", async () => {
  const { broker, heard } = openBroker([[PUBLIC, LOOPBACK]])
  broker.handle({ kind: "net_open", id: 1, host: HOST, port })
  await expect.poll(() => heard(1)).toMatchObject(refused)
  expect(broker.report().calls).toMatchObject([{ host: HOST, allowed: false, refusal: "private_address" }])
  expect(visits).toBe(0)
})

test.each([[1], [60]])(
  "%i connections to a private address that are closed at once are listed as refused",
  (count) => {
    const { broker } = openBroker([])
    for (let id = 1; id <= count; id += 1) {
      broker.handle({ kind: "net_open", id, host: "10.0.0.1", port })
      broker.handle({ kind: "net_close", id })
    }
    expect(broker.report().calls).toHaveLength(count)
    for (const call of broker.report().calls) expect(call).toMatchObject({ refusal: "private_address" })
  },
)

test("what a name was when a hook looked it up does not help it when it connects", async () => {
  const { broker, heard, asked } = openBroker([[PUBLIC], [LOOPBACK]])
  broker.handle({ kind: "net_lookup", id: 1, host: HOST })
  await expect.poll(() => heard(1)).toEqual([{ kind: "addresses", id: 1, addresses: [PUBLIC] }])
  broker.handle({ kind: "net_open", id: 2, host: HOST, port })
  await expect.poll(() => heard(2)).toMatchObject(refused)
  expect([asked(), visits]).toEqual([2, 0])
})

test("an address that refuses is passed over", async () => {
  const { broker, heard } = openBroker([[OTHER_LOOPBACK, LOOPBACK]], [{ host: HOST, port }])
  broker.handle({ kind: "net_open", id: 1, host: HOST, port })
  await expect.poll(() => heard(1)[0]).toMatchObject({ kind: "opened", remote: LOOPBACK })
})

test.runIf(process.platform === "linux")(
  "an address that does not answer gets a rival, and goes",
  async () => {
    await makeSilent(OTHER_LOOPBACK.address)
    const { broker, heard } = openBroker([[OTHER_LOOPBACK, LOOPBACK]], [{ host: HOST, port }])
    broker.handle({ kind: "net_open", id: 1, host: HOST, port })
    await expect
      .poll(() => heard(1)[0], { timeout: 5_000 })
      .toMatchObject({ kind: "opened", remote: LOOPBACK })
  },
)

/** A stopped process listens there, and its queue is full: nobody is refused, and nobody gets in. */
async function makeSilent(host: string): Promise<void> {
  const script = `require("node:net").createServer().listen({ host: "${host}", port: ${port}, backlog: 1 }, () => console.log(1))`
  const child = spawn(process.execPath, ["--eval", script], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  await once(child.stdout, "data")
  child.kill("SIGSTOP")
  for (let isConnected = true; isConnected; ) {
    const socket = connect(port, host).on("error", () => {})
    onTestFinished(() => void socket.destroy())
    isConnected = await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise<boolean>((done) => setTimeout(done, 300, false)),
    ])
  }
}
