import { once } from "node:events"
import { createServer, type Server, STATUS_CODES } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { getRequestListener } from "@hono/node-server"
import { AppError, type ErrorCode } from "@hooklane/core"
import { BROWSER_HEADERS } from "./browser-headers.ts"
import type { GatewayEnv } from "./router.ts"

type Bindings = Required<GatewayEnv["Bindings"]>

export interface ListenOptions {
  /** `env` is what tells of the connection that the request came over. */
  fetch: (request: Request, env: Bindings) => Response | Promise<Response>
  host: string
  port: number
}

export interface Listener {
  port: number
  /**
   * Answers from now on with `Connection: close`, so that whoever keeps connections alive moves on, takes no more
   * connections after `drainDelayMs`, and cuts those that are still busy `drainMs` after the call.
   */
  close(patience: { drainDelayMs: number; drainMs: number }): Promise<void>
}

/** A caller that takes longer to send its request than this is not sending one. */
const REQUEST_TIMEOUT_MS = 60_000

const SWEEP_MS = 50

/** @throws AppError invalid_setting, naming HOST or PORT, when the address cannot be used */
export async function listen({ fetch, host, port }: ListenOptions): Promise<Listener> {
  let isStopping = false
  const answer = async (request: Request, env: Bindings) => {
    const response = await fetch(request, env)
    if (isStopping) response.headers.set("Connection", "close")
    return response
  }
  const listener = getRequestListener(answer)
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (incoming, outgoing) => {
    // Here, and not in the app, so that also what never reaches the app has them.
    for (const [name, value] of Object.entries(BROWSER_HEADERS)) outgoing.setHeader(name, value)
    void listener(incoming, outgoing)
  })
  server.on("clientError", refuseUnreadable)
  server.listen(port, host)
  try {
    await once(server, "listening")
  } catch (cause) {
    throw cannotListen(host, port, cause)
  }
  // A server that listens on host and port has an address of this kind.
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    close: async ({ drainDelayMs, drainMs }) => {
      isStopping = true
      const delayMs = Math.min(drainDelayMs, drainMs)
      if (delayMs > 0) await sleep(delayMs)
      await closeServer(server, drainMs - delayMs)
    },
  }
}

async function closeServer(server: Server, drainMs: number): Promise<void> {
  const closed = once(server, "close")
  server.close()
  // A connection is kept alive after its answer, so those that were busy become idle one by one.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(sweep)
  clearTimeout(cut)
}

/** What Node could not parse never reaches the app; it is answered here, with the same body as any error. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy()
    return
  }
  const { statusCode, ...problem } = describeUnreadable(error.code)
  const body = JSON.stringify({ statusCode, error: STATUS_CODES[statusCode], ...problem })
  socket.end(
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      Object.entries(BROWSER_HEADERS)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("") +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function describeUnreadable(code: string | undefined): {
  statusCode: number
  message: string
  errorCode?: ErrorCode
} {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return {
        statusCode: 431,
        message: "The request's headers are too large",
        errorCode: "headers_too_large",
      }
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { statusCode: 408, message: "The request did not arrive in time" }
    default:
      return { statusCode: 400, message: "The request is not valid HTTP" }
  }
}

function cannotListen(host: string, port: number, cause: unknown): AppError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message =
    code === "EADDRINUSE"
      ? `PORT ${port} is in use on ${host}: stop what uses it, or set PORT to another one`
      : `The gateway cannot listen on HOST ${host}, PORT ${port}: ${reason}`
  return new AppError("invalid_setting", message, { cause })
}
