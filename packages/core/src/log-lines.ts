interface LineOptions {
  sync: false
  minLength: number
  maxLength: number
  periodicFlush: number
  retryEAGAIN: () => boolean
}

/** What is used of the stream that pino writes to. */
interface LineStream {
  write(text: string): unknown
  flushSync(): void
  destroy(): void
  on(event: "drop" | "drain", listener: () => void): unknown
}

/** What waits for a reader that does not keep up; the lines beyond it are dropped, and counted. */
const MAX_WAITING_BYTES = 4 * 1_048_576

/** How long the end of this process waits for somebody to read its last lines. */
const LAST_LINES_MS = 1_000

/**
 * Where a process writes its log: to standard output, in batches, since a write of its own per line takes as long as
 * answering half a request does. A reader that does not read costs lines, and never holds the process or its end.
 * @param open `pino.destination`
 */
export function openLogLines<Stream extends LineStream>(open: (options: LineOptions) => Stream): Stream {
  // To look at it is what makes Node write to a pipe without waiting: otherwise a full one would stop the process.
  void process.stdout
  let giveUpAt = Number.POSITIVE_INFINITY
  const lines = open({
    sync: false,
    minLength: 4_096,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: 500,
    retryEAGAIN: () => Date.now() < giveUpAt,
  })
  reportDrops(lines)
  // Before pino's own way to end, which tries for as long as it takes.
  process.prependListener("exit", () => {
    giveUpAt = Date.now() + LAST_LINES_MS
    try {
      lines.flushSync()
    } catch {
      // Nobody reads them.
    }
    lines.destroy()
  })
  return lines
}

function reportDrops(lines: LineStream): void {
  let dropped = 0
  lines.on("drop", () => {
    dropped += 1
  })
  lines.on("drain", () => {
    if (dropped === 0) return
    const line = { level: 40, time: Date.now(), pid: process.pid, dropped, msg: "log lines were dropped" }
    dropped = 0
    lines.write(`${JSON.stringify(line)}\n`)
  })
}
