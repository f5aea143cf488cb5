import { once } from "node:events"
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net"
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
  /** Where the server listens. */
  server: NetConnectOpts
  /** PostgreSQL's clients ask for TLS in a first packet of eight bytes; Redis's begin with it. */
  protocol: "redis" | "postgres"
}

/** Lets tests reach a server that knows no TLS as one that asks for it. */
export async function startTlsFront({ server, protocol }: TlsFrontOptions): Promise<TlsFront> {
  const { key, certificate } = issueCertificate()
  const open = new Set<Socket>()
  let wasUsed = false
  const front = createServer(async (client) => {
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
    await pipeline(secured, connect(server), secured).catch(() => {})
    open.delete(client)
  })
  front.listen(0, "localhost")
  await once(front, "listening")
  const address = front.address()
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port")
  return {
    port: address.port,
    authority: certificate,
    get wasUsed() {
      return wasUsed
    },
    close: async () => {
      for (const client of open) client.destroy()
      if (!front.listening) return
      front.close()
      await once(front, "close")
    },
  }
}
