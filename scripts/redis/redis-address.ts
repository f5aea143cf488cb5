import { connect, createServer } from "node:net"

/** Where a private Redis listens: a socket that only this user can open, or a port of the loopback interface. */
export type RedisAddress = ({ socket: string } | { port: number }) & { password: string | undefined }

/**
 * `loading`: it still reads its append-only file. `deaf`: somebody listens and does not answer us, because it
 * hangs or has another password. `away`: nobody listens.
 */
export type RedisState = "ready" | "loading" | "deaf" | "away"

/** The address as REDIS_URL takes it. */
export function redisUrl(address: RedisAddress): string {
  const { password } = address
  if ("socket" in address) return `unix://${address.socket}${password ? `?password=${password}` : ""}`
  return `redis://${password ? `:${password}@` : ""}127.0.0.1:${address.port}`
}

/** Asks once, and waits at most a second for the answer. */
export function askRedis(address: RedisAddress): Promise<RedisState> {
  const connection = "socket" in address ? connect(address.socket) : connect(address.port, "127.0.0.1")
  return new Promise((done) => {
    let answer = ""
    const end = (state: RedisState) => {
      connection.destroy()
      done(state)
    }
    connection.setTimeout(1_000, () => end("deaf")).setEncoding("utf8")
    connection.on("error", () => end("away")).on("close", () => end("away"))
    connection.on("data", (text) => {
      answer += text
      if (answer.includes("+PONG")) end("ready")
      if (answer.includes("-LOADING")) end("loading")
      if (/-(NOAUTH|WRONGPASS)/.test(answer)) end("deaf")
    })
    connection.write(address.password ? `AUTH ${address.password}\r\nPING\r\n` : "PING\r\n")
  })
}

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port")
  return address.port
}
