import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { pipeline } from "node:stream/promises"
import { TLSSocket } from "node:tls"
import { issueCertificate } from "./certificate.ts"

/** A server behind TLS on a port of `localhost`. */
export interface TlsFront {
  port: number
  /** PEM of the authority that a client has to trust. */
  authority: string
  /** Whether anybody has come in through it. */
  readonly wasUsed: boolean
  close(): Promise<void>
}

export interface TlsFrontOptions {
  /** Path of the unix socket where the server listens. */
  socket: string
  /** PostgreSQL's clients ask for TLS in a first packet of eight bytes; Redis's begin with it. */
  protocol: "redis" | "postgres"
}

/** Lets tests reach a server that listens on a unix socket as one that asks for TLS. */
export async function startTlsFront({ socket, protocol }: TlsFrontOptions): Promise<TlsFront> {
  const { key, certificate } = issueCertificate()
  const open = new Set<Socket>()
  let wasUsed = false
  const server = createServer(async (client) => {
    open.add(client)
    if (protocol === "postgres") {
      await once(client, "readable")
      client.read(8)
      client.write("S")
    }
    const secured = new TLSSocket(client, { isServer: true, key, cert: certificate })
    secured.on("secure", () => {
      wasUsed = true
    })
    // Either side may break the connection off; the client under test tells what it makes of it.
    await pipeline(secured, connect(socket), secured).catch(() => {})
    open.delete(client)
  })
  server.listen(0, "localhost")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port")
  return {
    port: address.port,
    authority: certificate,
    get wasUsed() {
      return wasUsed
    },
    close: async () => {
      for (const client of open) client.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
