import { EventEmitter } from "node:events"
import { expect, test } from "vitest"
import { openLogLines } from "../src/log-lines.ts"

/** A stream as pino's, which keeps what is written to it. */
function createStream() {
  const events = new EventEmitter()
  const written: string[] = []
  return {
    written,
    emit: (event: "drop" | "drain") => events.emit(event),
    on: (event: "drop" | "drain", listener: () => void) => events.on(event, listener),
    write: (text: string) => written.push(text),
    flushSync: () => {},
    destroy: () => {},
  }
}

test("lines that were dropped are counted in the log, once it is read again", () => {
  const stream = openLogLines(createStream)
  stream.emit("drain")
  expect(stream.written).toEqual([])
  for (let count = 0; count < 3; count += 1) stream.emit("drop")
  stream.emit("drain")
  stream.emit("drain")
  expect(stream.written.map((line) => JSON.parse(line))).toEqual([
    { level: 40, time: expect.any(Number), pid: process.pid, dropped: 3, msg: "log lines were dropped" },
  ])
})
