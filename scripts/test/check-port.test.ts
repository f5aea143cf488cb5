import { once } from "node:events"
import { createServer } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { checkPort } from "../launcher/check-port.ts"
import { freePort } from "../redis/redis-address.ts"

test("a free port is left free", async () => {
  const port = await freePort()
  await checkPort({ host: "127.0.0.1", port })
  await checkPort({ host: "127.0.0.1", port })
})

test("a port that is taken is named, with a command that works", async () => {
  const port = await freePort()
  const server = createServer().listen(port, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  await expect(checkPort({ host: "127.0.0.1", port })).rejects.toThrow(
    `PORT ${port} on 127.0.0.1 is taken by another program. Set PORT to a free one, for example: PORT=${port + 1} npm start`,
  )
})

test("an address of another machine is named", async () => {
  await expect(checkPort({ host: "192.0.2.1", port: 0 })).rejects.toThrow("Cannot listen at HOST 192.0.2.1")
})
