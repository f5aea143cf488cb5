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

export function openFrameLink(stream: Duplex, handlers: FrameHandlers): FrameLink {
  const read = createFrameReader(handlers)
  stream.on("data", read)
  let isCorked = false
  return {
    send(message) {
      // All frames of one tick leave in one system call.
      if (!isCorked) {
        isCorked = true
        stream.cork()
        process.nextTick(() => {
          isCorked = false
          stream.uncork()
        })
      }
      stream.write(encodeFrame(message))
    },
  }
}

export function encodeFrame(message: object): Buffer {
  const text = JSON.stringify(message)
  const bytes = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes)
  frame.writeUInt32BE(bytes, 0)
  frame.write(text, HEADER_BYTES)
  return frame
}

function createFrameReader({ maxBytes, onFrame, onFault }: FrameHandlers): (chunk: Buffer) => void {
  let held: Buffer[] = []
  let heldBytes = 0
  let neededBytes = HEADER_BYTES
  let isBroken = false

  function fail(reason: string): void {
    isBroken = true
    held = []
    onFault(reason)
  }

  function readFrame(buffer: Buffer, start: number, end: number): void {
    let message: unknown
    try {
      message = JSON.parse(buffer.toString("utf8", start, end))
    } catch {
      fail("a frame is not JSON")
      return
    }
    onFrame(message)
  }

  return (chunk) => {
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
      readFrame(buffer, position + HEADER_BYTES, position + neededBytes)
      if (isBroken) return
      position += neededBytes
    }
    heldBytes = buffer.length - position
    held = heldBytes === 0 ? [] : [buffer.subarray(position)]
  }
}
