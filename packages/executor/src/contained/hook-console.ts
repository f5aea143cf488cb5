import type { LogLine } from "@hooklane/core"
import { clockMs } from "./progress.ts"

type Print = (level: LogLine["level"], values: unknown[]) => void

/** The `console` of a hook; every method ends in `print`. */
export function createConsole(print: Print): Record<string, (...values: unknown[]) => void> {
  const counts = new Map<string, number>()
  const starts = new Map<string, number>()
  const at =
    (level: LogLine["level"]) =>
    (...values: unknown[]) =>
      print(level, values)
  const elapsed = (label: string) => `${label}: ${(clockMs() - (starts.get(label) ?? 0)).toFixed(3)}ms`
  const silent = () => {}
  return {
    log: at("info"),
    info: at("info"),
    dir: (value) => print("info", [value]),
    dirxml: at("info"),
    table: at("info"),
    debug: at("debug"),
    trace: at("debug"),
    warn: at("warn"),
    error: at("error"),
    assert: (claim, ...values) => {
      if (!claim) print("error", ["Assertion failed", ...values])
    },
    count: (label = "default") => {
      const count = (counts.get(String(label)) ?? 0) + 1
      counts.set(String(label), count)
      print("info", [`${label}: ${count}`])
    },
    countReset: (label = "default") => counts.delete(String(label)),
    time: (label = "default") => starts.set(String(label), clockMs()),
    timeLog: (label = "default", ...values) => print("info", [elapsed(String(label)), ...values]),
    timeEnd: (label = "default") => {
      print("info", [elapsed(String(label))])
      starts.delete(String(label))
    },
    group: at("info"),
    groupCollapsed: at("info"),
    groupEnd: silent,
    clear: silent,
  }
}
