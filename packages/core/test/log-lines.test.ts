import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { type LogSink, openLogLines } from "../src/log-lines.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A place to write to that takes what it is told to, and fails as it is told to. */
function openSink() {
  const sink = { written: "", failure: undefined as string | undefined, atOnce: Number.POSITIVE_INFINITY }
  const take = (bytes: Uint8Array) => {
    const taken = bytes.subarray(0, sink.atOnce)
    sink.written += Buffer.from(taken).toString()
    return taken.length
  }
  const write: LogSink["write"] = (bytes, done) => {
    if (sink.failure === undefined) return done(null, take(bytes))
    done(Object.assign(new Error(`${sink.failure}: told so`), { code: sink.failure }), 0)
  }
  const complaints: string[] = []
  const lines = openLogLines({ sink: { write, writeSync: take }, complain: (text) => complaints.push(text) })
  return { sink, lines, complaints }
}

test("lines arrive within half a second, whole also when they are taken in pieces", () => {
  const { sink, lines } = openSink()
  sink.atOnce = 3
  lines.write("first line\n")
  lines.write("second line\n")
  expect(sink.written).toBe("")
  vi.advanceTimersByTime(500)
  expect(sink.written).toBe("first line\nsecond line\n")
})

test.each(["ENOSPC", "EPIPE", "EIO"])(
  "a log that fails with %s is told of once, keeps its lines and goes on by itself",
  (code) => {
    const { sink, lines, complaints } = openSink()
    sink.failure = code
    lines.write("while it fails\n")
    vi.advanceTimersByTime(5_000)
    expect(complaints).toEqual([expect.stringContaining(`The log cannot be written (${code}`)])
    sink.failure = undefined
    lines.write("after it\n")
    vi.advanceTimersByTime(2_000)
    expect(sink.written).toBe("while it fails\nafter it\n")
    sink.failure = code
    lines.write("again\n")
    vi.advanceTimersByTime(2_000)
    expect(complaints).toHaveLength(2)
  },
)

test("a reader that does not keep up costs the lines beyond 4 MB, which are counted when it reads again", () => {
  const { sink, lines, complaints } = openSink()
  sink.failure = "EAGAIN"
  const line = `${"x".repeat(1_048_575)}\n`
  for (let count = 0; count < 7; count += 1) lines.write(line)
  vi.advanceTimersByTime(1_000)
  expect(complaints).toEqual([])
  sink.failure = undefined
  vi.advanceTimersByTime(1_000)
  expect(sink.written.length).toBeLessThan(4 * 1_048_576 + 200)
  const last = sink.written.trimEnd().split("\n").at(-1) ?? ""
  expect(JSON.parse(last)).toMatchObject({ level: 40, dropped: 3, msg: "log lines were dropped" })
})
