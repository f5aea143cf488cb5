import { Console } from "node:console"
import type { LogLine } from "@hooklane/core"

type Level = LogLine["level"]
type Act = (...values: unknown[]) => unknown

export interface HookConsolePowers {
  print(level: Level, values: unknown[]): void
  /** The run that can print, if there is one. What it counts, times and indents is its own. */
  printingRun(): number | undefined
  stdout: unknown
  stderr: unknown
}

/**
 * `customInspect: false`: an object's own idea of how to be shown is code, and would run outside its context. The
 * bounds keep one line from taking all memory.
 */
const INSPECT = { customInspect: false, depth: 3, maxArrayLength: 100, maxStringLength: 8_192 }

const LEVELS: Readonly<Record<string, Level>> = {
  log: "info",
  info: "info",
  dir: "info",
  dirxml: "info",
  table: "info",
  count: "info",
  countReset: "warn",
  time: "warn",
  timeLog: "info",
  timeEnd: "info",
  group: "info",
  groupCollapsed: "info",
  groupEnd: "info",
  debug: "debug",
  trace: "debug",
  warn: "warn",
  error: "error",
  assert: "error",
}

/** After these a console remembers something; making a new one takes as long as 30 lines. */
const KEEPING = new Set(["count", "group", "groupCollapsed", "time"])

/** Methods that Node has for its inspector. */
const SILENT = ["clear", "profile", "profileEnd", "timeStamp"]

/**
 * The `console` of a hook: Node's own does the formatting, the tables, the counts and the groups; each method prints at
 * its level.
 */
export function createConsole({ print, printingRun, stdout, stderr }: HookConsolePowers): object {
  let level: Level = "info"
  let run: number | undefined
  let isUsed = false
  const line = { write: (text: string) => print(level, [text.replace(/\n$/, "")]) }
  let writer = createWriter(line)

  function at(name: string): Act {
    return (...values) => {
      const printing = printingRun()
      // Nothing more is formatted once the log is full, or a flood would cost time without an end.
      if (printing === undefined) return undefined
      if (run !== printing && isUsed) writer = createWriter(line)
      isUsed = KEEPING.has(name) || (isUsed && run === printing)
      run = printing
      level = LEVELS[name] ?? "info"
      try {
        return Reflect.apply(asAct(Reflect.get(writer, name)), writer, values)
      } catch {
        return print(level, ["(a value that cannot be shown)"])
      }
    }
  }

  const own = {
    ...Object.fromEntries(Object.keys(LEVELS).map((name) => [name, at(name)])),
    ...Object.fromEntries(SILENT.map((name) => [name, () => {}])),
    createTask: () => ({ run: (act: Act) => act() }),
    Console,
  }
  // Loggers write to them. Behind accessors, so that what changes in a stream does not count as a change of the console.
  return Object.defineProperties(own, {
    _stdout: { get: () => stdout },
    _stderr: { get: () => stderr },
  })
}

function createWriter(line: { write(text: string): void }): Console {
  return new Console({ stdout: asStream(line), ignoreErrors: false, inspectOptions: INSPECT })
}

/** All that Node's console asks of a stream whose errors it does not ignore. */
function asStream(line: { write(text: string): void }): NodeJS.WritableStream {
  return line as NodeJS.WritableStream
}

/** Every name of `LEVELS` is a method of Node's. */
function asAct(value: unknown): Act {
  return value as Act
}
