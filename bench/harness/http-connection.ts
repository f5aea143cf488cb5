import { once } from "node:events"
import { connect } from "node:net"

/** One kept-alive connection that has one request under way at a time. */
export interface HttpConnection {
  /** Sends a whole request; resolves when the whole answer is there. @throws Error with an answer that is no 2xx */
  send(request: Buffer): Promise<void>
  close(): void
}

/** A request as it goes over the wire. */
export function encodeRequest(path: string, { token, body }: { token?: string; body: object }): Buffer {
  const text = JSON.stringify(body)
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: bench",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...(token ? [`Authorization: Bearer ${token}`] : []),
  ]
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${text}`)
}

/**
 * By hand, because the generator shares the machine with what it measures: some 10 µs per request, where the HTTP
 * clients of Node take 40 to 100. Knows answers that say their length and no others.
 */
export async function openHttp(port: number): Promise<HttpConnection> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true)
  await once(socket, "connect")
  let answer: Buffer = Buffer.alloc(0)
  let waiting: PromiseWithResolvers<void> | undefined
  socket.on("data", (chunk: Buffer) => {
    answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk])
    const status = statusWhenComplete(answer)
    if (status === undefined) return
    if (status < 200 || status > 299) fail(new Error(`A request was refused: ${answer}`))
    answer = Buffer.alloc(0)
    waiting?.resolve()
  })
  const fail = (error?: Error) => waiting?.reject(error ?? new Error("The connection was closed"))
  socket.on("error", fail).on("close", () => fail())
  return {
    send: (request) => {
      waiting = Promise.withResolvers<void>()
      socket.write(request)
      return waiting.promise
    },
    close: () => socket.destroy(),
  }
}

function statusWhenComplete(answer: Buffer): number | undefined {
  const headEnd = answer.indexOf("\r\n\r\n")
  if (headEnd < 0) return undefined
  const head = answer.toString("latin1", 0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`An answer without a length: ${head}`)
  return answer.length < headEnd + 4 + Number(length) ? undefined : Number(head.slice(9, 12))
}
