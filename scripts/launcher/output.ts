import { CANNOT_START } from "@hooklane/core/run-process"
import type { LogFile } from "./log-file.ts"
import { formatLogLine, LEVELS, type Level, levelOf, readableLogLine } from "./log-line.ts"
import { readLines } from "./read-lines.ts"
import type { ProcessEnd, Tethered } from "./tether.ts"

/** Where all that the processes say ends: everything in the log file, what matters on the terminal too. */
export interface Output {
  log(level: Level, fields: { process: string; [field: string]: unknown }, message: string): void
  /** Takes what a process prints; gives a function that tells, in a line, why it ended in that way. */
  follow(name: string, process: Pick<Tethered, "stdout" | "stderr">): (end: ProcessEnd) => string | undefined
}

export interface OutputDeps {
  file: LogFile
  /** Prints a line on the terminal. */
  print: (line: string) => void
  /** The least important level that is printed. */
  printFrom: Level
  /** Sees every line. */
  onLine?: (line: string) => void
}

/** Last words that are kept per process. */
const TAIL_LINES = 40

export function openOutput({ file, print, printFrom, onLine }: OutputDeps): Output {
  const add = (line: string) => {
    file.write(`${line}\n`)
    onLine?.(line)
    if (levelOf(line) >= LEVELS[printFrom]) print(readableLogLine(line))
  }
  return {
    log: (level, fields, message) => add(formatLogLine(level, fields, message)),
    follow: (name, process) => {
      const tail: string[] = []
      const take = (line: string) => {
        if (!line) return
        tail.push(line)
        if (tail.length > TAIL_LINES) tail.shift()
        add(line.startsWith('{"level":') ? line : formatLogLine("info", { process: name }, line))
      }
      readLines(process.stdout, take)
      readLines(process.stderr, take)
      return (end) => {
        // Its last line is the sentence that says why.
        const isSaid = end.code === CANNOT_START
        const words = isSaid ? tail.at(-1) : (lastError(tail) ?? (end.code ? tail.at(-1) : undefined))
        return words === undefined ? undefined : readableLogLine(words)
      }
    },
  }
}

/** The last error in the log, or the message of the exception that ended the process. */
function lastError(tail: readonly string[]): string | undefined {
  const logged = tail.findLast((line) => line.startsWith("{") && levelOf(line) >= LEVELS.error)
  return logged ?? tail.findLast((line) => /^(FATAL ERROR|(Uncaught )?\w*Error\b.*): /.test(line))
}
