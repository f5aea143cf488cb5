import { mkdtemp, rm } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

/** A way to Redis that can be disturbed. */
export interface RedisLink {
  /** The address of this link, which leads to the Redis at `redisUrl` from now on. */
  leadTo(redisUrl: string): string
  /** Ends every connection and takes no new one, until `mend`. */
  cut(): void
  /** Nothing arrives any more and no connection ends, as when a cable is pulled, until `mend`. */
  silence(): void
  /** Everything arrives `ms` later, until `mend`. */
  delay(ms: number): void
  mend(): void
  close(): Promise<void>
}

/** It listens on a socket that only this user can open. */
export async function openRedisLink(): Promise<RedisLink> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-link-"))
  const path = join(dir, "link.sock")
  const sockets = new Set<Socket>()
  let target = new URL("unix:///")
  let isCut = false
  let delayMs = 0
  let sounding = Promise.withResolvers<void>()
  sounding.resolve()

  const hold = (socket: Socket) => {
    sockets.add(socket)
    // Its other half, and in the end Redis' client, notice.
    socket.on("error", () => {}).on("close", () => sockets.delete(socket))
    return socket
  }

  /** In order, whatever the delays. */
  function pass(from: Socket, to: Socket): void {
    let arrived = Promise.resolve()
    from.on("data", (chunk) => {
      const due = delayMs > 0 ? sleep(delayMs) : undefined
      arrived = arrived.then(async () => {
        await due
        await sounding.promise
        to.write(chunk)
      })
    })
    from.on("close", () => to.destroy())
  }

  const server = createServer((near) => {
    hold(near)
    if (isCut) return void near.destroy()
    const far = hold(target.protocol === "unix:" ? connect(target.pathname) : connect(Number(target.port)))
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((done, fail) => server.once("error", fail).listen(path, done))

  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    leadTo: (redisUrl) => {
      target = new URL(redisUrl)
      const password = target.password || target.searchParams.get("password")
      return `unix://${path}${password ? `?password=${password}` : ""}`
    },
    cut: () => {
      isCut = true
      cutAll()
    },
    silence: () => {
      sounding = Promise.withResolvers()
    },
    delay: (ms) => {
      delayMs = ms
    },
    mend: () => {
      isCut = false
      delayMs = 0
      sounding.resolve()
    },
    close: async () => {
      sounding.resolve()
      cutAll()
      await new Promise((done) => server.close(done))
      await rm(dir, { recursive: true, force: true })
    },
  }
}
