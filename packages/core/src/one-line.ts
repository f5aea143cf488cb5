/**
 * What a terminal acts on, or what makes a line look like another one: control characters (C0, DEL, C1), line
 * separators, and marks that turn the direction of text or take no room.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** A text as one line that is safe to show on a terminal: what cannot be seen in it is written as an escape. */
export function oneLine(text: string): string {
  return text.replace(UNSEEN, (one) => SHORT[one] ?? escapeOf(one.codePointAt(0) ?? 0))
}

function escapeOf(code: number): string {
  const hex = code.toString(16)
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`
}
