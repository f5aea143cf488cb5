import { connect } from "node:net"
import { text } from "node:stream/consumers"
import { expect, onTestFinished, test, vi } from "vitest"
import { listen } from "../src/listen.ts"
import { openApp } from "./open-app.ts"

async function start() {
  const opened = await openApp()
  const listener = await listen({ fetch: opened.app.fetch, host: "127.0.0.1", port: 0 })
  onTestFinished(() => listener.close({ drainDelayMs: 0, drainMs: 0 }))
  return { ...opened, port: listener.port, url: `http://127.0.0.1:${listener.port}` }
}

test.each([
  "/docs",
  "/openapi.json",
  "/healthz",
  "/readyz",
  "/metrics",
  "/.well-known/jwks.json",
  "/oauth/token",
  "/api/v2/hooks",
  "/v1/executions/not-an-id",
  "/admin/queues",
  "/admin/queues/api/queues",
  "/admin/queues/static/no-such-file.js",
  "/no/such/path",
  "/%ff",
])("a browser neither guesses, frames nor tells anybody of %s", async (path) => {
  const { url, client, secret } = await start()
  const headers = path.startsWith("/admin")
    ? { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` }
    : {}
  const answer = await fetch(url + path, { headers })
  await answer.text()
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-security-policy": expect.stringMatching(/default-src '(none|self)'.*frame-ancestors 'none'/),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  })
})

test("a file that the queue board does not have is not found", async () => {
  const { app, client, secret, logged } = await openApp()
  const headers = { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` }
  expect((await app.request("/admin/queues/static/no-such-file.js", { headers })).status).toBe(404)
  expect(logged.filter(({ level }) => Number(level) >= 40)).toEqual([])
})

test("what is not HTTP is answered with them too", async () => {
  const { port } = await start()
  const socket = connect(port, "127.0.0.1")
  socket.end("hello\r\n\r\n")
  expect(await text(socket)).toMatch(
    /^HTTP\/1.1 400 [\s\S]*\r\nX-Content-Type-Options: nosniff\r\n[\s\S]*\r\n\r\n\{/,
  )
})

test.each([
  ["that says its length", "Content-Length: 1000\r\n\r\n{"],
  ["in pieces", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"],
  ["in pieces that are none", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nx\r\n"],
])("a caller that goes away in the middle of a body %s is no error of ours", async (_, rest) => {
  const { port, token, logged } = await start()
  for (const path of [
    "/oauth/token",
    "/api/v2/hooks",
    "/v1/triggers/send-phone-message/events",
    "/v1/clients",
  ]) {
    const socket = connect(port, "127.0.0.1")
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
    socket.on("error", () => {})
    socket.write(head + rest)
    await new Promise((done) => setTimeout(done, 50))
    socket.destroy()
    await vi.waitFor(
      () => expect(logged).toContainEqual(expect.objectContaining({ path, status: 400 })),
      5_000,
    )
  }
  expect(logged.filter(({ level }) => Number(level) >= 40)).toEqual([])
})
