import type { Duplex } from "node:stream"
import { readFrames, writeTogether } from "./frames.ts"

/**
 * What passes between an executor and the egress broker, as bytes: 4 of length (big-endian) of what follows, 1 that
 * says what it is, 4 that name a connection or a lookup within its run, 16 of the run's id, and what belongs to it.
 */
export interface NetFrame {
  kind: number
  /** As `runKeyOf` gives it. */
  run: string
  id: number
  /** Part of what was read: whoever keeps it keeps that. */
  payload: Buffer<ArrayBuffer>
}

/** What an executor asks for. */
export const REQUESTS = {
  net_open: 1,
  net_write: 2,
  net_end: 3,
  net_close: 4,
  net_taken: 5,
  net_lookup: 6,
  /** The run is over. */
  end_run: 7,
} as const

/** What it is told. */
export const EVENTS = {
  /** The line is read from now on. Nothing is said before it. */
  hello: 64,
  opened: 65,
  /** So many bytes have left. */
  written: 66,
  data: 67,
  ended: 68,
  closed: 69,
  addresses: 70,
} as const

/** More bytes of data travel in several frames. */
export const MAX_DATA_BYTES = 65_536
/** So many bytes of one connection may be on their way in one direction before the other side has said so. */
export const WINDOW_BYTES = 4 * MAX_DATA_BYTES
/** And so many of one that is not connected yet, of which a run may have many. */
export const EARLY_WINDOW_BYTES = WINDOW_BYTES / 4
/** What a piece of data counts at least: each takes memory beside its bytes. */
const MIN_COST_BYTES = 1_024
/** What is on its way is reported in steps, not with each frame. */
export const REPORTED_BYTES = WINDOW_BYTES / 4

/** What so many bytes in one frame count in a window. */
export function costOf(bytes: number): number {
  return Math.max(bytes, MIN_COST_BYTES)
}

export interface NetLink {
  send(kind: number, run: string, id: number, payload?: Uint8Array): void
}

export interface NetLinkHandlers {
  /** Returns what is wrong with the frame, if anything. */
  onFrame(frame: NetFrame): string | undefined
  /** Nothing is read after it. */
  onFault(reason: string): void
}

const LENGTH_BYTES = 4
const HEAD_BYTES = 1 + 4 + 16
/** No other payload is as long as the longest of data. */
const MAX_FRAME_BYTES = HEAD_BYTES + MAX_DATA_BYTES

export function openNetLink(stream: Duplex, { onFrame, onFault }: NetLinkHandlers): NetLink {
  const write = writeTogether(stream)
  readFrames(stream, {
    maxBytes: MAX_FRAME_BYTES,
    onFault,
    onBytes: (buffer, start, end) =>
      end - start < HEAD_BYTES ? "a frame is too short" : onFrame(readFrame(buffer, start, end)),
  })
  return {
    send(kind, run, id, payload = NOTHING) {
      const head = headOf(kind, run, id, payload.length)
      if (payload.length > MAX_JOINED_BYTES) write(head, payload)
      else write(payload.length === 0 ? head : Buffer.concat([head, payload]))
    },
  }
}

const NOTHING = new Uint8Array(0)
/** Copying is cheaper than another piece to write. */
const MAX_JOINED_BYTES = 4_096

function headOf(kind: number, run: string, id: number, payloadBytes: number): Buffer {
  const head = Buffer.allocUnsafe(LENGTH_BYTES + HEAD_BYTES)
  head.writeUInt32BE(HEAD_BYTES + payloadBytes, 0)
  head.writeUInt8(kind, LENGTH_BYTES)
  head.writeUInt32BE(id, LENGTH_BYTES + 1)
  head.write(run, LENGTH_BYTES + 5, 16, "latin1")
  return head
}

function readFrame(buffer: Buffer, start: number, end: number): NetFrame {
  return {
    kind: buffer.readUInt8(start),
    id: buffer.readUInt32BE(start + 1),
    run: buffer.toString("latin1", start + 5, start + HEAD_BYTES),
    payload: ownBytes(buffer.subarray(start + HEAD_BYTES, end)),
  }
}

/** Sockets read into memory that is not shared, which their type does not say. */
function ownBytes(bytes: Buffer): Buffer<ArrayBuffer> {
  return bytes as Buffer<ArrayBuffer>
}

/** The 16 bytes of a run's id, each as one character. */
export function runKeyOf(id: string): string {
  return Buffer.from(id.replaceAll("-", ""), "hex").toString("latin1")
}

export function runIdOf(key: string): string {
  const hex = Buffer.from(key, "latin1").toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}
