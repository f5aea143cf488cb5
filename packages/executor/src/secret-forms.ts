import { MAX_NEEDLE_CHARS } from "./needle-tree.ts"
import { withoutEscapes, withoutLayout } from "./text-view.ts"

/** Shorter values are words such as "true" or "eu-1": taking those out would spoil text and hide nothing. */
export const MIN_SECRET_CHARS = 6
/** A line of a value counts as a value from this length on: `{` and `"type": 1` do not. */
const MIN_LINE_CHARS = 16
/** A long value is found by its parts, each of this length at least; so is what is left of it after a cut. */
const PART_CHARS = 48

/**
 * As texts are compared. Letters of either case, `-` and `+`, and `_` and `/` count as the same: host names lose their
 * case, hex has either, Base64 has two alphabets. It stays as long as it is, which `toLowerCase` alone does not promise.
 */
export function fold(text: string): string {
  const isAscii = !/[^\0-\x7f]/.test(text)
  const lower = isAscii ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return lower.replaceAll("-", "+").replaceAll("_", "/")
}

/**
 * What the value of a secret can look like, folded, in a text from which escapes and layout were taken away: as it is,
 * each of its lines, in hex, in Base64 also within a longer text, and as a list of bytes.
 */
export function formsOf(value: string): string[] {
  const trimmed = value.trim()
  if (trimmed.length < MIN_SECRET_CHARS) return []
  // Forms in URLs have a plus for a space; case folds in ASCII only.
  const spellings = [trimmed, trimmed.toLowerCase(), trimmed.toUpperCase(), trimmed.replaceAll(" ", "+")]
  const all = [...spellings.flatMap(textsOf), ...bytesOf(trimmed).flatMap(encodingsOf)]
  const forms = new Set(all.map(fold))
  return [...forms].filter(({ length }) => length >= MIN_SECRET_CHARS).flatMap(partsOf)
}

function textsOf(spelling: string): string[] {
  const unescaped = withoutEscapes(spelling)
  const bare = withoutLayout(unescaped) ?? unescaped
  return [spelling, unescaped.text, bare.text, ...linesOf(spelling), ...linesOf(unescaped.text)]
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter(({ length }) => length >= MIN_LINE_CHARS)
}

/** Of a text in ASCII there is one; others differ by how they were encoded, or were encoded twice. */
function bytesOf(text: string): Buffer[] {
  const utf8 = Buffer.from(text)
  if (utf8.length === text.length) return [utf8]
  return [utf8, Buffer.from(text, "latin1"), Buffer.from(utf8.toString("latin1"))]
}

function encodingsOf(bytes: Buffer): string[] {
  const alignments = [0, 1, 2].map((before) => base64Within(bytes, before))
  return [bytes.toString("latin1"), bytes.toString("hex"), bytes.join(","), bytes.join(""), ...alignments]
}

/** The characters of Base64 that depend on `bytes` alone when `before` more stand in front of them. */
function base64Within(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64")
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

function partsOf(form: string): string[] {
  if (form.length <= MAX_NEEDLE_CHARS) return [form]
  const parts: string[] = []
  let from = 0
  // The last part takes what would be too short for one of its own.
  for (; form.length - from > MAX_NEEDLE_CHARS; from += PART_CHARS)
    parts.push(form.slice(from, from + PART_CHARS))
  return [...parts, form.slice(from)]
}
