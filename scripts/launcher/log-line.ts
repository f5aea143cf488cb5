import { oneLine } from "@hooklane/core"

/** Levels as pino numbers them. */
export const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const
export type Level = keyof typeof LEVELS

/** A line in the form in which gateway and workers print theirs. */
export function formatLogLine(
  level: Level,
  fields: { process: string; [field: string]: unknown },
  msg: string,
) {
  return JSON.stringify({ level: LEVELS[level], time: Date.now(), ...fields, msg })
}

/** The level of a line without parsing it: most lines are only passed on. */
export function levelOf(line: string): number {
  return Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? LEVELS.info)
}

/**
 * A JSON log line as a person reads it; what is not JSON stays as it is. It is one line on the terminal and cannot act
 * on it, whatever the text of a hook, a caller or a server that is in it.
 */
export function readableLogLine(line: string): string {
  return oneLine(readable(line))
}

function readable(line: string): string {
  const parsed = parse(line)
  if (!parsed) return line
  const { level, time, process, pid: _pid, hostname: _hostname, msg, err, ...fields } = parsed
  const clock = new Date(Number(time)).toTimeString().slice(0, 8)
  const name = Object.entries(LEVELS).find(([, number]) => number === level)?.[0] ?? "error"
  const known = Object.entries(fields).filter(([, value]) => value !== null)
  const details = known.map(([key, value]) => ` ${key}=${text(value)}`)
  return `${clock} ${name.toUpperCase().padEnd(5)} ${process}: ${msg}${errorText(err)}${details.join("")}`
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === "object" && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function errorText(err: unknown): string {
  return typeof err === "object" && err !== null && "message" in err ? `: ${err.message}` : ""
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}
