import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { type IncomingMessage, request, type ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { issueCertificate } from "./certificate.mjs"

/** The gateway behind TLS, as clients that take no plain HTTP reach it. */
export interface TlsFront {
  /** `localhost:<port>`: what clients call the domain. */
  domain: string
  /** The authority's certificate, for NODE_EXTRA_CA_CERTS. */
  caFile: string
  /** What came in, the first one first: `GET /api/v2/hooks?page=0`. */
  requests: string[]
  /** Content types of the token requests. */
  tokenRequestTypes: Set<string | undefined>
  close(): Promise<void>
}

export interface TlsFrontOptions {
  /** Where the gateway listens. */
  url: string
  /** Where the authority's certificate is put. */
  dir: string
}

export async function startTlsFront({ url, dir }: TlsFrontOptions): Promise<TlsFront> {
  const { authority, key, certificate: cert } = await issueCertificate()
  const caFile = join(dir, "authority.pem")
  await writeFile(caFile, authority)

  const requests: string[] = []
  const tokenRequestTypes = new Set<string | undefined>()
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`)
    if (incoming.url === "/oauth/token")
      tokenRequestTypes.add(incoming.headers["content-type"]?.split(";")[0])
    forward(url, incoming, outgoing)
  })
  server.listen(0, "localhost")
  await once(server, "listening")
  // A server that listens on host and port has an address of this kind.
  const { port } = server.address() as AddressInfo
  return {
    domain: `localhost:${port}`,
    caFile,
    requests,
    tokenRequestTypes,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

function forward(url: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers } = incoming
  const onward = request(new URL(incoming.url ?? "/", url), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on("error", (error) => outgoing.destroy(error))
  incoming.pipe(onward)
}
