import { once } from "node:events"
import { connect } from "node:net"
import { text } from "node:stream/consumers"
import { expect, onTestFinished, test } from "vitest"
import { type ListenOptions, listen } from "../src/listen.ts"

async function start(fetch: ListenOptions["fetch"] = async () => new Response("hello")) {
  const listener = await listen({ fetch, host: "127.0.0.1", port: 0 })
  onTestFinished(() => listener.close({ drainDelayMs: 0, drainMs: 0 }))
  return listener
}

/** A listener that is told to close while an answer is under way, which `release` lets go. */
async function closeUnderWay() {
  const arrived = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const listener = await start(async () => {
    arrived.resolve()
    await release.promise
    return new Response("done")
  })
  const answer = fetch(`http://127.0.0.1:${listener.port}`)
  await arrived.promise
  const closing = listener.close({ drainDelayMs: 0, drainMs: 5_000 })
  return { listener, answer, closing, release }
}

async function sendRaw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1")
  socket.end(request)
  return text(socket)
}

test("an address in use is refused with the setting's name", async () => {
  const { port } = await start()
  const second = listen({ fetch: async () => new Response(), host: "127.0.0.1", port })
  await expect(second).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringContaining(`PORT ${port} is in use`),
  })
})

test.each([
  ["headers beyond any measure", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431],
  ["what is not HTTP", "hello there\r\n\r\n", 400],
])("%s get an error with the body of any other", async (_name, request, statusCode) => {
  const { port } = await start()
  const answer = await sendRaw(port, request)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${statusCode} `))
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({
    statusCode,
    message: expect.any(String),
  })
})

test("before it takes no more connections, it asks for those that are kept alive to be closed", async () => {
  const listener = await start()
  const url = `http://127.0.0.1:${listener.port}`
  const ask = async () => (await fetch(url)).headers.get("connection")
  expect(await ask()).toBe("keep-alive")
  const closing = listener.close({ drainDelayMs: 500, drainMs: 5_000 })
  expect(await ask()).toBe("close")
  await closing
  await expect(ask()).rejects.toThrow()
})

test("the answer under way when the closing begins asks for it too", async () => {
  const { answer, closing, release } = await closeUnderWay()
  release.resolve()
  expect((await answer).headers.get("connection")).toBe("close")
  await closing
})

test("closing waits for the answer under way and takes no new connection", async () => {
  const { listener, answer, closing, release } = await closeUnderWay()
  const [refused] = await once(connect(listener.port, "127.0.0.1"), "error").then(
    (args) => args,
    (error) => [error],
  )
  expect(refused).toMatchObject({ code: "ECONNREFUSED" })
  release.resolve()
  expect(await (await answer).text()).toBe("done")
  await closing
})

test("a request comes with the address that it came from", async () => {
  const { port } = await start((_, { incoming }) => new Response(incoming.socket.remoteAddress))
  const answer = await fetch(`http://127.0.0.1:${port}`)
  expect(await answer.text()).toBe("127.0.0.1")
})
