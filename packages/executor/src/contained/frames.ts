import type { Duplex } from "node:stream"

/**
 * Messages between a worker and its executors: 4 bytes of length (big-endian), then that many bytes of JSON.
 * Runs on both sides, and in the executor without anything but Node.
 */
export interface FrameLink {
  send(message: object): void
}

export interface FrameHandlers {
  /** The largest frame that may come in. */
  maxBytes: number
  onFrame(message: unknown): void
  /** A frame that is too large or not JSON. Nothing is read after it. */
  onFault(reason: string): void
}

const HEADER_BYTES = 4

export function openFrameLink(stream: Duplex, { maxBytes, onFrame, onFault }: FrameHandlers): FrameLink {
  const write = writeTogether(stream)
  readFrames(stream, {
    maxBytes,
    onFault,
    onBytes(buffer, start, end) {
      let message: unknown
      try {
        message = JSON.parse(buffer.toString("utf8", start, end))
      } catch {
        return "a frame is not JSON"
      }
      onFrame(message)
      return undefined
    },
  })
  return { send: (message) => write(encodeFrame(message)) }
}

export function encodeFrame(message: object): Buffer {
  const text = JSON.stringify(message)
  const bytes = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes)
  frame.writeUInt32BE(bytes, 0)
  frame.write(text, HEADER_BYTES)
  return frame
}

/** All that is written in one tick leaves in one system call. */
export function writeTogether(stream: Duplex): (...parts: Uint8Array[]) => void {
  let isCorked = false
  return (...parts) => {
    if (!isCorked) {
      isCorked = true
      stream.cork()
      process.nextTick(() => {
        isCorked = false
        stream.uncork()
      })
    }
    for (const part of parts) stream.write(part)
  }
}

export interface FrameReader extends Pick<FrameHandlers, "maxBytes" | "onFault"> {
  /** What a frame holds, without its length. Returns what is wrong with it, if anything. */
  onBytes(buffer: Buffer, start: number, end: number): string | undefined
}

/** Cuts what comes in into frames. Nothing is read after a fault. */
export function readFrames(stream: Duplex, { maxBytes, onBytes, onFault }: FrameReader): void {
  let held: Buffer[] = []
  let heldBytes = 0
  let neededBytes = HEADER_BYTES
  let isBroken = false

  function fail(reason: string): void {
    isBroken = true
    held = []
    onFault(reason)
  }

  stream.on("data", (chunk: Buffer) => {
    if (isBroken) return
    held.push(chunk)
    heldBytes += chunk.length
    // A large frame comes in many chunks; joining them once, at its end, keeps the work linear.
    if (heldBytes < neededBytes) return
    const buffer = held.length === 1 ? chunk : Buffer.concat(held, heldBytes)
    let position = 0
    for (;;) {
      const left = buffer.length - position
      neededBytes = left < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + buffer.readUInt32BE(position)
      if (neededBytes > HEADER_BYTES + maxBytes) return fail("a frame is larger than allowed")
      if (left < neededBytes) break
      const problem = onBytes(buffer, position + HEADER_BYTES, position + neededBytes)
      if (problem !== undefined) return fail(problem)
      position += neededBytes
    }
    heldBytes = buffer.length - position
    held = heldBytes === 0 ? [] : [buffer.subarray(position)]
  })
}
