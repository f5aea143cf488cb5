import { connect, createServer } from "node:net"

/** Where a private Redis listens: a socket that only this user can open, or a loopback port with a password. */
export type RedisAddress = { socket: string } | { port: number; password: string }

/** How a Redis answers: it may be up but still reading its append-only file. */
export type RedisState = "ready" | "loading" | "away"

/** The address as REDIS_URL takes it. */
export function redisUrl(address: RedisAddress): string {
  return "socket" in address
    ? `unix://${address.socket}`
    : `redis://:${address.password}@127.0.0.1:${address.port}`
}

/** Asks once, and waits at most a second for the answer. */
export function askRedis(address: RedisAddress): Promise<RedisState> {
  const isLocal = "socket" in address
  const connection = isLocal ? connect(address.socket) : connect(address.port, "127.0.0.1")
  return new Promise((done) => {
    let answer = ""
    const end = (state: RedisState) => {
      connection.destroy()
      done(state)
    }
    connection.setTimeout(1_000, () => end("away")).setEncoding("utf8")
    connection.on("error", () => end("away")).on("close", () => end("away"))
    connection.on("data", (text) => {
      answer += text
      if (answer.includes("+PONG")) end("ready")
      if (answer.includes("-LOADING")) end("loading")
    })
    connection.write(isLocal ? "PING\r\n" : `AUTH ${address.password}\r\nPING\r\n`)
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
