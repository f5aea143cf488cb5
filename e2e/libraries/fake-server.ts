import { once } from "node:events"
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { Server } from "node:net"
import { text } from "node:stream/consumers"

export interface Heard {
  method: string
  url: string
  headers: IncomingMessage["headers"]
  body: string
}

/** An object is sent as JSON, anything else as it is. */
export interface Answer {
  status?: number
  headers?: Record<string, string>
  body: string | Buffer | object
}

/** A service of somebody else's, on a port of this machine. */
export interface FakeServer {
  port: number
  url: string
  /** What came in. */
  heard: Heard[]
  close(): Promise<void>
}

/** @param certificate of `localhost`, in PEM: with it the service speaks TLS */
export async function startFakeServer(
  answer: (request: Heard) => Answer,
  certificate?: { key: string; certificate: string },
): Promise<FakeServer> {
  const heard: Heard[] = []
  const listener: RequestListener = async (request, response) => {
    const { method = "", url = "", headers } = request
    const one = { method, url, headers, body: await text(request) }
    heard.push(one)
    const { status = 200, headers: sent = { "content-type": "application/json" }, body } = answer(one)
    response.writeHead(status, sent)
    response.end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  }
  const server = certificate
    ? createTlsServer({ key: certificate.key, cert: certificate.certificate }, listener)
    : createPlainServer(listener)
  const port = await listen(server)
  return {
    port,
    url: certificate ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    heard,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** Takes a free port of this machine. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "localhost")
  await once(server, "listening")
  const address = server.address()
  if (typeof address !== "object" || !address) throw new Error("A TCP server has no port")
  return address.port
}
