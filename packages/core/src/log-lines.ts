import { write, writeSync } from "node:fs"

/** Where bytes go: all that is used of a file descriptor. A write may take fewer bytes than it was given. */
export interface LogSink {
  write(bytes: Uint8Array, done: (error: Error | null, written: number) => void): void
  writeSync(bytes: Uint8Array): number
}

export interface LogLinesOptions {
  /** Standard output by default. */
  sink?: LogSink
  /** Tells, once, that the log cannot be written; on standard error by default. */
  complain?: (sentence: string) => void
}

/** What pino writes to. */
export interface LogLines {
  write(text: string): void
}

/** Below this lines wait for others to come with, up to half a second. */
const BATCH_BYTES = 4_096
const FLUSH_EVERY_MS = 500

/** What waits for a reader that does not keep up; the lines beyond it are dropped, and counted. */
const MAX_WAITING_BYTES = 4 * 1_048_576

/** A pipe that is full is tried again soon, a disk that is full or a reader that is gone now and then. */
const FULL_PIPE_RETRY_MS = 100
const FAILURE_RETRY_MS = 1_000

/** How long the end of this process waits for somebody to read its last lines. */
const LAST_LINES_MS = 1_000

const STDOUT: LogSink = {
  write: (bytes, done) => write(1, bytes, done),
  writeSync: (bytes) => writeSync(1, bytes),
}

/**
 * Where a process writes its log: to standard output, in batches, since a write of its own per line takes as long as
 * answering half a request does. A reader that does not read, a full disk or a closed pipe costs lines, and never
 * holds the process or ends it; once the log can be written again it says how many are missing.
 */
export function openLogLines({ sink = STDOUT, complain = tellOnStderr }: LogLinesOptions = {}): LogLines {
  surviveBrokenOutput()
  const waiting = createWaiting()
  let isBusy = false
  let isUnderWay = false
  let hasFailed = false

  const writeNext = () => {
    const bytes = waiting.next()
    isBusy = bytes.length > 0
    isUnderWay = isBusy
    if (!isBusy) return
    sink.write(bytes, (error, written) => {
      isUnderWay = false
      if (error) failed(error)
      else succeeded(written)
    })
  }
  const succeeded = (written: number) => {
    hasFailed = false
    waiting.done(written)
    if (!waiting.isEmpty() || waiting.reportDrops()) return writeNext()
    isBusy = false
  }
  const failed = (error: Error) => {
    const isFull = isErrno(error, "EAGAIN")
    if (!isFull && !hasFailed)
      complain(`The log cannot be written (${error.message}): lines wait, 4 MB at most, until it can`)
    hasFailed ||= !isFull
    setTimeout(writeNext, isFull ? FULL_PIPE_RETRY_MS : FAILURE_RETRY_MS).unref()
  }

  setInterval(() => isBusy || writeNext(), FLUSH_EVERY_MS).unref()
  process.prependListener("exit", () => {
    // What a thread is just writing arrives without us.
    if (isUnderWay) waiting.done(waiting.next().length)
    writeLast(sink, waiting)
  })
  return {
    write: (text) => {
      waiting.add(text)
      if (!isBusy && waiting.bytes() >= BATCH_BYTES) writeNext()
    },
  }
}

/** To look at them is what makes Node write to pipes without waiting, and a full one would stop the process. */
function surviveBrokenOutput(): void {
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {})
}

/** Lines that are not written yet, and how many had no room. */
function createWaiting() {
  let lines: string[] = []
  let lineBytes = 0
  let inHand = new Uint8Array()
  let dropped = 0

  const add = (text: string) => {
    const size = Buffer.byteLength(text)
    if (lineBytes + inHand.length + size > MAX_WAITING_BYTES) {
      dropped += 1
      return
    }
    lines.push(text)
    lineBytes += size
  }
  return {
    add,
    bytes: () => lineBytes,
    isEmpty: () => lineBytes + inHand.length === 0,
    next: () => {
      if (inHand.length > 0) return inHand
      inHand = Buffer.from(lines.join(""))
      lines = []
      lineBytes = 0
      return inHand
    },
    done: (written: number) => {
      inHand = inHand.subarray(written)
    },
    /** Adds the line that tells of drops; false when there were none. */
    reportDrops: () => {
      if (dropped === 0) return false
      const line = { level: 40, time: Date.now(), pid: process.pid, dropped, msg: "log lines were dropped" }
      dropped = 0
      add(`${JSON.stringify(line)}\n`)
      return true
    },
  }
}

function writeLast(sink: LogSink, waiting: ReturnType<typeof createWaiting>): void {
  const giveUpAt = Date.now() + LAST_LINES_MS
  for (let bytes = waiting.next(); bytes.length > 0; bytes = waiting.next()) {
    try {
      waiting.done(sink.writeSync(bytes))
    } catch (error) {
      if (!isErrno(error, "EAGAIN") || Date.now() >= giveUpAt) return
      sleep(10)
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function tellOnStderr(sentence: string): void {
  try {
    writeSync(2, `${sentence}\n`)
  } catch {
    // That is closed as well.
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}
