import { formatWithOptions } from "node:util"
import type { LogLine } from "@hooklane/core"
import { cutText, MAX_LINE_CHARS, MAX_LINES } from "./cut-text.ts"

/** The console output of one run, within its limits. */
export interface RunLog {
  write(level: LogLine["level"], values: unknown[]): void
  /** Nothing more is kept. */
  isFull(): boolean
}

/** Node's own; a hook may put another in its place. */
const { Buffer } = globalThis

/** `customInspect: false`: an object's own idea of how to be shown is code, and would run outside its context. */
const FORMAT = { customInspect: false, depth: 3, maxArrayLength: 100, maxStringLength: MAX_LINE_CHARS }

export interface RunLogOptions {
  maxBytes: number
  onLine(line: LogLine): void
  /** Called once, with the first line that is dropped. */
  onTruncated(): void
}

export function createRunLog({ maxBytes, onLine, onTruncated }: RunLogOptions): RunLog {
  let bytesLeft = maxBytes
  let linesLeft = MAX_LINES
  let isFull = false
  return {
    isFull: () => isFull,
    write(level, values) {
      // Nothing more is formatted once the log is full, or a flood would cost time without an end.
      if (isFull) return
      const message = format(values)
      bytesLeft -= Buffer.byteLength(message)
      linesLeft -= 1
      if (bytesLeft < 0 || linesLeft < 0) {
        isFull = true
        onTruncated()
        return
      }
      onLine({ at: Date.now(), level, message })
    },
  }
}

function format(values: unknown[]): string {
  try {
    return cutText(formatWithOptions(FORMAT, ...values), MAX_LINE_CHARS)
  } catch {
    return "(a value that cannot be shown)"
  }
}
