/**
 * What a script asks of its runtime. The Management API allows no property beside its own, so it is said in
 * comments before the first statement: `// hooklane: typescript`, `// hooklane: state=fresh egress=none`.
 */
export interface Directives {
  /** The script's types are taken out before it is compiled. */
  language?: "typescript"
  /** `fresh`: nothing of one run is seen by the next. */
  state?: "warm" | "fresh"
  /** Where it may connect to, of what the deployment allows: `none`, or hosts separated by commas. */
  egress?: string
  /** Its place among the enabled hooks of a chain, ascending; a whole number, by default 0. */
  order?: string
  /** What its caller is answered when a synchronous run fails: an error, or to go on as if there were no hook. */
  "on-failure"?: "closed" | "open"
  /** JSON that stands in for the result when a synchronous run fails. */
  fallback?: string
  /** Whether it is left alone for a while after it failed too often; by default when something answers for it. */
  circuit?: "on" | "off"
}

/** `fault` says in a sentence what cannot be understood; the script must not run then. */
export type ParsedDirectives = { directives: Directives; fault?: undefined } | { fault: string }

/** The values that a key may have; any text where there are none. */
const VALUES: Readonly<Record<keyof Directives, readonly string[]>> = {
  language: ["typescript"],
  state: ["warm", "fresh"],
  egress: [],
  order: [],
  "on-failure": ["closed", "open"],
  fallback: [],
  circuit: ["on", "off"],
}

/** Words that stand for a key and its value. */
const SHORT: Readonly<Record<string, string>> = { typescript: "language=typescript" }

/** Words are kept apart by blanks, but JSON may hold some: it goes on to the end of its line. */
const WORD = /fallback=.*|\S+/g

/** Blanks and one comment: its text, when it is one of a line. */
const COMMENT = /\s*(?:\/\/([^\n\r\u2028\u2029]*)|\/\*[\s\S]*?\*\/)/gy

/**
 * The directives of a script. What is not known is a fault and not passed over: a misspelt `egress=none` would
 * otherwise lift the very restriction that it asks for.
 */
export function parseDirectives(script: string): ParsedDirectives {
  const directives: Record<string, string> = {}
  for (const word of directiveWords(script)) {
    const [, key = "", value = ""] = /^([^=]*)=?(.*)$/.exec(SHORT[word] ?? word) ?? []
    if (!isKey(key)) return { fault: `Unknown directive "${key}"; known are ${list(Object.keys(VALUES))}` }
    const allowed = VALUES[key]
    if (value === "") return { fault: `The directive "${key}" has no value` }
    if (allowed.length > 0 && !allowed.includes(value))
      return { fault: `The directive "${key}" may be ${list(allowed)}, not "${value}"` }
    directives[key] = value
  }
  const fault = fallbackFault(directives) ?? orderFault(directives)
  return fault === undefined ? { directives: asDirectives(directives) } : { fault }
}

function fallbackFault({ fallback, "on-failure": onFailure }: Record<string, string>): string | undefined {
  if (fallback === undefined) return undefined
  if (onFailure !== undefined) return 'Of the directives "on-failure" and "fallback" there may be one'
  try {
    JSON.parse(fallback)
  } catch {
    return `The directive "fallback" must be JSON, not ${fallback}`
  }
  return undefined
}

function orderFault({ order }: Record<string, string>): string | undefined {
  if (order === undefined || /^-?\d{1,9}$/.test(order)) return undefined
  return `The directive "order" must be a whole number, not "${order}"`
}

function* directiveWords(script: string): Generator<string> {
  for (const comment of leadingComments(script)) {
    const [, text] = /^\s*hooklane:(.*)$/.exec(comment) ?? []
    if (text !== undefined) yield* text.match(WORD) ?? []
  }
}

function leadingComments(script: string): string[] {
  return [...script.matchAll(COMMENT)].map(([, text = ""]) => text)
}

function isKey(key: string): key is keyof Directives {
  return Object.hasOwn(VALUES, key)
}

/** Each entry was found in `VALUES`. */
function asDirectives(entries: Record<string, string>): Directives {
  return entries as Directives
}

function list(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ")
}
