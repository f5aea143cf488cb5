import { once } from "node:events"
import { chmod, rm } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { AppError } from "@hooklane/core"

/** Linux takes 107 bytes, other systems less. */
const MAX_PATH_BYTES = 103
/** Connections at once: of workers, and those that have not said yet what they are for. */
const MAX_CONNECTIONS = 256
/** Who may connect decides what runs: the owner and the group of the service, which is its workers'. */
const SOCKET_MODE = 0o660

/**
 * The path in `unix:///run/sandbox/executors.sock`.
 * @throws AppError invalid_setting
 */
export function socketPathOf(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname)
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw notUsable(url, `its path is longer than ${MAX_PATH_BYTES} bytes`)
  return path
}

/**
 * Listens where a service that was killed may have left its socket.
 * @throws AppError invalid_setting when it cannot
 */
export async function listenOnSocket(
  url: string,
  onConnection: (socket: Socket) => void,
): Promise<{ close(): Promise<void> }> {
  const path = socketPathOf(url)
  if (await isServed(path)) throw notUsable(url, "another sandbox service listens there")
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on("close", () => connections.delete(socket))
    onConnection(socket)
  })
  server.maxConnections = MAX_CONNECTIONS
  try {
    await rm(path, { force: true })
    server.listen(path)
    await once(server, "listening")
    await chmod(path, SOCKET_MODE)
  } catch (error) {
    throw notUsable(url, error instanceof Error ? error.message : String(error))
  }
  return {
    async close() {
      server.close()
      for (const socket of connections) socket.destroy()
    },
  }
}

async function isServed(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, "connect")
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function notUsable(url: string, why: string): AppError {
  return new AppError("invalid_setting", `EXECUTOR_URL=${url} cannot be used: ${why}`)
}
