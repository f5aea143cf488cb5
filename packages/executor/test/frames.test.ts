import { Duplex, PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { openFrameLink } from "../src/contained/frames.ts"

function openReader(maxBytes = 1_000) {
  const stream = new PassThrough()
  const frames: unknown[] = []
  const faults: string[] = []
  openFrameLink(stream, {
    maxBytes,
    onFrame: (frame) => frames.push(frame),
    onFault: (fault) => faults.push(fault),
  })
  return { stream, frames, faults }
}

/** The bytes of some messages, which leave at the end of the tick. */
async function encode(messages: object[]): Promise<Buffer> {
  const written: Buffer[] = []
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      written.push(chunk)
      done()
    },
  })
  const link = openFrameLink(stream, { maxBytes: 0, onFrame: () => {}, onFault: () => {} })
  for (const message of messages) link.send(message)
  await new Promise((resolve) => setImmediate(resolve))
  return Buffer.concat(written)
}

const MESSAGES = [{ a: 1 }, { text: "é\u{1F600}\u0000" }, {}, { long: "x".repeat(500) }]

test.each([1, 2, 3, 5, 100, 10_000])("frames arrive whole in pieces of %i bytes", async (size) => {
  const { stream, frames, faults } = openReader()
  const bytes = await encode(MESSAGES)
  for (let start = 0; start < bytes.length; start += size) {
    stream.write(bytes.subarray(start, start + size))
  }
  await expect.poll(() => frames).toEqual(MESSAGES)
  expect(faults).toEqual([])
})

test("a frame of exactly the limit passes, one byte more does not", async () => {
  const [fits, tooLarge] = [{ x: "a".repeat(92) }, { x: "a".repeat(93) }]
  const { stream, frames, faults } = openReader(100)
  stream.write(await encode([fits]))
  await expect.poll(() => frames).toEqual([fits])
  stream.write(await encode([tooLarge, fits]))
  await expect.poll(() => faults).toEqual(["a frame is larger than allowed"])
  expect(frames).toEqual([fits])
})

test("nothing is read after a frame that is not JSON", async () => {
  const { stream, frames, faults } = openReader()
  const broken = Buffer.from([0, 0, 0, 1, 123])
  stream.write(Buffer.concat([broken, await encode([{ a: 1 }])]))
  await expect.poll(() => faults).toEqual(["a frame is not JSON"])
  expect(frames).toEqual([])
})
