import { createInterface } from "node:readline"
import type { LogFile } from "./log-file.ts"
import { formatLogLine, LEVELS, type Level, levelOf, readableLogLine } from "./log-line.ts"
import type { Tethered } from "./tether.ts"

/** Where all that the processes say ends: everything in the log file, what matters on the terminal too. */
export interface Output {
  log(level: Level, fields: { process: string; [field: string]: unknown }, message: string): void
  /** Takes what a process prints; gives a function that tells, in a line, why the process may have ended. */
  follow(name: string, process: Pick<Tethered, "stdout" | "stderr">): () => string | undefined
}

export interface OutputDeps {
  file: LogFile
  /** Prints a line on the terminal. */
  print: (line: string) => void
  /** The least important level that is printed. */
  printFrom: Level
}

/** Last words that are kept per process. */
const TAIL_LINES = 40

export function openOutput({ file, print, printFrom }: OutputDeps): Output {
  const add = (line: string) => {
    file.write(`${line}\n`)
    if (levelOf(line) >= LEVELS[printFrom]) print(readableLogLine(line))
  }
  return {
    log: (level, fields, message) => add(formatLogLine(level, fields, message)),
    follow: (name, process) => {
      const tail: string[] = []
      const take = (line: string, raw: Level) => {
        if (!line) return
        tail.push(line)
        if (tail.length > TAIL_LINES) tail.shift()
        add(line.startsWith('{"level":') ? line : formatLogLine(raw, { process: name }, line))
      }
      createInterface(process.stdout).on("line", (line) => take(line, "info"))
      createInterface(process.stderr).on("line", (line) => take(line, "error"))
      return () => lastWords(tail)
    },
  }
}

/** The last error in the log, or the message of the exception that ended the process, or its last line. */
function lastWords(tail: readonly string[]): string | undefined {
  const logged = tail.findLast((line) => line.startsWith("{") && levelOf(line) >= LEVELS.error)
  if (logged) return readableLogLine(logged)
  return tail.findLast((line) => /^(Uncaught )?\w*Error\b.*: /.test(line)) ?? tail.at(-1)
}
