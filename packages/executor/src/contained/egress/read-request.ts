import { type NetFrame, REQUESTS } from "../net-frames.ts"
import type { NetRequest } from "../net-protocol.ts"

const PORT_BYTES = 2
/** A host name in UTF-8, and room for one that is too long to be told so. */
const MAX_HOST_BYTES = 4_096
const COUNT_BYTES = 4

/** What an executor asks for. Undefined when the frame is none that an executor sends. */
export function readRequest(frame: NetFrame): NetRequest | { kind: "end_run" } | undefined {
  const { kind, id, payload } = frame
  const isEmpty = payload.length === 0
  switch (kind) {
    case REQUESTS.net_write:
      return { kind: "net_write", id, bytes: payload }
    case REQUESTS.net_taken:
      return payload.length === COUNT_BYTES ? takenOf(id, payload) : undefined
    case REQUESTS.net_open:
      return isHost(payload, PORT_BYTES) ? openOf(id, payload) : undefined
    case REQUESTS.net_lookup:
      return isHost(payload, 0) ? { kind: "net_lookup", id, host: payload.toString("utf8") } : undefined
    case REQUESTS.net_end:
      return isEmpty ? { kind: "net_end", id } : undefined
    case REQUESTS.net_close:
      return isEmpty ? { kind: "net_close", id } : undefined
    case REQUESTS.end_run:
      return isEmpty ? { kind: "end_run" } : undefined
    default:
      return undefined
  }
}

function isHost({ length }: Buffer, start: number): boolean {
  return length >= start && length <= start + MAX_HOST_BYTES
}

function takenOf(id: number, payload: Buffer): NetRequest | undefined {
  const bytes = payload.readUInt32BE(0)
  return bytes > 0 ? { kind: "net_taken", id, bytes } : undefined
}

function openOf(id: number, payload: Buffer): NetRequest | undefined {
  const port = payload.readUInt16BE(0)
  return port > 0 ? { kind: "net_open", id, port, host: payload.toString("utf8", PORT_BYTES) } : undefined
}
