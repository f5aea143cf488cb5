import type { LogLine } from "@hooklane/core"
import { MAX_LINES } from "./cut-text.ts"

/** What a run has printed, in the executor's main thread. */
export interface RunOutput {
  /** False when there is more than a thread lets through: it is no longer what it was. */
  take(line: LogLine): boolean
  /** All of it until now. */
  lines(): LogLine[]
  /** Nothing more is shown. */
  close(): LogLine[]
}

const SHOW_MS = 30
const SHOWN_LINES = 5

/** @param show called with the newest lines, a moment after they were printed */
export function createRunOutput(show: (lines: LogLine[]) => void): RunOutput {
  const lines: LogLine[] = []
  let timer: NodeJS.Timeout | undefined
  return {
    take(line) {
      if (lines.length === MAX_LINES) return false
      lines.push(line)
      timer ??= setTimeout(() => {
        timer = undefined
        show(lines.slice(-SHOWN_LINES))
      }, SHOW_MS)
      return true
    },
    lines: () => [...lines],
    close() {
      clearTimeout(timer)
      return lines
    },
  }
}
