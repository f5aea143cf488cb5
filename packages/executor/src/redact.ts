import { type HookError, isJsonObject, type Json, type LogLine } from "@hooklane/core"

/** Takes the values of a hook's secrets out of what it printed and out of its errors. Best effort: as written. */
export interface Redactor {
  logs(lines: LogLine[]): LogLine[]
  error(error: HookError): HookError
}

const REPLACEMENT = "[secret]"
/** Shorter values are words such as "true" or "eu-1": taking those out would spoil text and hide nothing. */
const MIN_SECRET_CHARS = 6

export function createRedactor(secrets: Record<string, string>): Redactor {
  let found: string[] | undefined

  function text(original: string): string {
    found ??= findable(secrets)
    return found.reduce((redacted, value) => redacted.replaceAll(value, REPLACEMENT), original)
  }

  function json(value: Json): Json {
    if (typeof value === "string") return text(value)
    if (Array.isArray(value)) return value.map(json)
    return isJsonObject(value) ? object(value) : value
  }

  function object(value: Record<string, Json>): Record<string, Json> {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, json(inner)]))
  }

  return {
    logs: (lines) => lines.map((line) => ({ ...line, message: text(line.message) })),
    error: ({ message, stack, properties, ...rest }) => ({
      ...rest,
      message: text(message),
      ...(stack !== undefined && { stack: text(stack) }),
      ...(properties && { properties: object(properties) }),
    }),
  }
}

/** Each value as it is and as it looks inside a quoted string, the longest first: one may contain another. */
function findable(secrets: Record<string, string>): string[] {
  const values = Object.values(secrets).filter((value) => value.length >= MIN_SECRET_CHARS)
  const spellings = new Set(values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]))
  return [...spellings].sort((a, b) => b.length - a.length)
}
