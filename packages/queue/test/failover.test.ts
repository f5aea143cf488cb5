import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { testConnection, testRedis } from "./support.ts"

/** An address that leads to one Redis and, from the next connection after `turnTo` on, to another. */
async function movingAddress(firstSocket: string) {
  let target = firstSocket
  const open = new Set<Socket>()
  const server = createServer((client) => {
    open.add(client)
    const onward = connect(target)
    client.pipe(onward).pipe(client)
    client.on("error", () => onward.destroy()).on("close", () => onward.destroy())
    onward.on("error", () => client.destroy())
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    for (const client of open) client.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port")
  return {
    url: `redis://127.0.0.1:${address.port}`,
    turnTo: (socket: string) => {
      target = socket
    },
  }
}

function socketOf({ url }: { url: string }): string {
  return new URL(url).pathname
}

test("a Redis that has become a replica is left for the one that the address now leads to", async () => {
  const [old, next] = [await testRedis(), await testRedis()]
  const address = await movingAddress(socketOf(old))
  const connection = testConnection({ url: address.url })
  const write = () => connection.commands.run((client) => client.set(`${connection.prefix}:key`, "written"))
  await write()
  const admin = testConnection({ url: old.url })
  await admin.commands.run((client) => client.replicaof("127.0.0.1", 1))
  address.turnTo(socketOf(next))
  await expect(write()).rejects.toMatchObject({ code: "redis_unavailable" })
  await expect.poll(() => write().catch(() => "refused")).toBe("OK")
  const found = testConnection({ url: next.url, prefix: connection.prefix })
  expect(await found.commands.run((client) => client.get(`${connection.prefix}:key`))).toBe("written")
})
