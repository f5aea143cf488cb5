/** A text as it reads without its escapes or its spaces; each character knows what it stands for in the original. */
export interface TextView {
  text: string
  /** Where the original of character `at` begins. */
  startOf(at: number): number
  /** Where the original of character `at` ends. */
  endOf(at: number): number
}

/** JSON in JSON in a quoted string has three. */
const MAX_LEVELS = 4

/** The text as it is, and with its escapes taken away: once, twice, and so on, until nothing changes. */
export function unescapedViews(text: string): [TextView, ...TextView[]] {
  const views: [TextView, ...TextView[]] = [{ text, startOf: (at) => at, endOf: (at) => at + 1 }]
  for (let last = views[0]; views.length <= MAX_LEVELS; ) {
    const next = decodeEscapes(last)
    if (!next) return views
    views.push(next)
    last = next
  }
  return views
}

/** A text without its last escape, as `unescapedViews` ends. */
export function withoutEscapes(text: string): TextView {
  return unescapedViews(text).at(-1) ?? unescapedViews(text)[0]
}

/** What JavaScript and JSON, URLs and HTML write in place of one character. */
const ESCAPES = new RegExp(
  [
    String.raw`\\(?:u\{(?<long>[0-9a-f]{1,6})\}|u(?<unit>[0-9a-f]{4})|x(?<byte>[0-9a-f]{2})|(?<short>[^0-9a-z]|[bfnrtv0]))`,
    "(?<octets>%(?:[0-7][0-9a-f]|[cd][0-9a-f]%[0-9a-f]{2}|e[0-9a-f](?:%[0-9a-f]{2}){2}|f[0-7](?:%[0-9a-f]{2}){3}))",
    "&(?:#x(?<hex>[0-9a-f]{1,6})|#(?<decimal>[0-9]{1,7})|(?<name>amp|lt|gt|quot|apos|nbsp));",
  ].join("|"),
  "gi",
)

const CONTROLS: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "0": "\0" }
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }

/** Undefined when there is no escape in it. */
function decodeEscapes(view: TextView): TextView | undefined {
  const { text } = view
  if (!/[\\%&]/.test(text)) return undefined
  const builder = buildView(view)
  let from = 0
  for (const { 0: escaped, index, groups = {} } of text.matchAll(ESCAPES)) {
    const character = characterOf(groups)
    if (character === undefined) continue
    builder.copy(from, index)
    from = index + escaped.length
    builder.add(character, index, from)
  }
  if (from === 0) return undefined
  builder.copy(from, text.length)
  return builder.done()
}

function characterOf(groups: Record<string, string | undefined>): string | undefined {
  const { long, unit, byte, short, octets, hex, decimal, name } = groups
  if (short !== undefined) return CONTROLS[short] ?? short
  if (name !== undefined) return ENTITIES[name.toLowerCase()]
  if (octets !== undefined) return decodeOctets(octets)
  const number =
    decimal === undefined ? Number.parseInt(long ?? unit ?? byte ?? hex ?? "", 16) : Number(decimal)
  return number <= 0x10_ff_ff ? String.fromCodePoint(number) : undefined
}

function decodeOctets(octets: string): string | undefined {
  try {
    return decodeURIComponent(octets)
  } catch {
    return undefined
  }
}

/**
 * Quotes with a comma or a plus between them: a list of lines, or how `util.inspect` breaks a long string. With an index
 * after the comma: a text that was spread into an object. Colours of a terminal, and characters that it does not show.
 */
const JOINT = new RegExp(
  [
    "([\"'`])\\s*[+,]\\s*(?:[\"']?\\d{1,6}[\"']?\\s*:\\s*)?\\1",
    String.raw`(?:,\s*)?\b0x(?=[0-9a-f]{2}\b)`,
    String.raw`\x1b\[[\d;]{0,32}[A-Za-z]`,
    String.raw`[\s\0-\x1f\x7f\xad\u200b-\u200f\u2060\ufeff]+`,
  ].join("|"),
  "gi",
)

/**
 * Without what a text gets when it is laid out: spaces, line breaks, and the quotes between parts of a string.
 * Undefined when it has none of it.
 */
export function withoutLayout(view: TextView): TextView | undefined {
  const builder = buildView(view)
  let from = 0
  for (const { 0: joint, index } of view.text.matchAll(JOINT)) {
    builder.copy(from, index)
    from = index + joint.length
  }
  if (from === 0) return undefined
  builder.copy(from, view.text.length)
  return builder.done()
}

/** Makes a view of another one, which has at least as many characters. */
function buildView({ text, startOf, endOf }: TextView) {
  const starts = new Uint32Array(text.length)
  const ends = new Uint32Array(text.length)
  const parts: string[] = []
  let length = 0

  return {
    copy(from: number, to: number): void {
      if (from === to) return
      parts.push(text.slice(from, to))
      for (let at = from; at < to; at += 1) {
        starts[length] = startOf(at)
        ends[length] = endOf(at)
        length += 1
      }
    },
    /** `characters` are what the text has from `from` to `to`. */
    add(characters: string, from: number, to: number): void {
      parts.push(characters)
      for (const _ of characters.split("")) {
        starts[length] = startOf(from)
        ends[length] = endOf(to - 1)
        length += 1
      }
    },
    done: (): TextView => ({
      text: parts.join(""),
      startOf: (at) => starts[at] ?? 0,
      endOf: (at) => ends[at] ?? 0,
    }),
  }
}
