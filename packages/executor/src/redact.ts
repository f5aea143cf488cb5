import { isDeepStrictEqual } from "node:util"
import { createNeedleTree, MAX_NEEDLE_CHARS, type NeedleTree } from "./needle-tree.ts"
import { fold, formsOf, MIN_SECRET_CHARS } from "./secret-forms.ts"
import { type TextView, unescapedViews, withoutLayout } from "./text-view.ts"

/** Takes the values of a hook's secrets out of a text. */
export interface Redact {
  (text: string): string
  /** The same for lines that follow each other: also of a value that begins in one line and ends in a later one. */
  together?(lines: readonly string[]): string[]
}

export const REPLACEMENT = "[secret]"
/** What is shorter is found only where it stands in one piece: without spaces, many a text holds a short word. */
const MIN_LAID_OUT_CHARS = 12
/** What people, `util.inspect` and this runtime end a text with that they cut. */
const CUT = /["'`]?(?:…+|\.{3,})/g

/** From where to where a text holds a secret. */
type Range = [start: number, end: number]

/**
 * Takes time in proportion to the text, however many the secrets and whatever is in both. What is searched for is made
 * with the first text that could hold a secret.
 */
export function createRedactor(secrets: Record<string, string>): Redact {
  const values = Object.values(secrets).filter(({ length }) => length >= MIN_SECRET_CHARS)
  if (values.length === 0) return (text) => text
  let tree: NeedleTree | undefined
  const rangesOf = (text: string) => {
    tree ??= createNeedleTree([...new Set(values.flatMap(formsOf))])
    return merge(findAll(tree, text))
  }
  return Object.assign(
    (text: string) => (text.length < MIN_SECRET_CHARS ? text : replace(text, rangesOf(text))),
    { together: (lines: readonly string[]) => replaceInLines(lines, rangesOf(lines.join("\n"))) },
  )
}

/** Gives the redactor of some secrets, and the same again for the same secrets: those of a version never change. */
export function keepRedactor(): (secrets: Record<string, string>) => Redact {
  let kept: { secrets: Record<string, string>; redact: Redact } | undefined
  return (secrets) => {
    if (!kept || !isDeepStrictEqual(kept.secrets, secrets))
      kept = { secrets, redact: createRedactor(secrets) }
    return kept.redact
  }
}

function findAll(tree: NeedleTree, text: string): Range[] {
  const views = unescapedViews(text)
  const found = views.flatMap((view) => findIn(tree, view, MIN_SECRET_CHARS))
  const bare = withoutLayout(views.at(-1) ?? views[0])
  return bare ? [...found, ...findIn(tree, bare, MIN_LAID_OUT_CHARS)] : found
}

function findIn(tree: NeedleTree, view: TextView, minChars: number): Range[] {
  const text = fold(view.text)
  const found: Range[] = []
  let foundTo = 0
  for (let at = 0; at <= text.length - MIN_SECRET_CHARS; at += 1) {
    const length = tree.longestAt(text, at)
    if (length < minChars || at + length <= foundTo) continue
    const last = at <= foundTo ? found.at(-1) : undefined
    foundTo = at + length
    // The parts of a long value follow each other; layout between them goes with them.
    if (last) last[1] = view.endOf(foundTo - 1)
    else found.push([view.startOf(at), view.endOf(foundTo - 1)])
  }
  for (const { index } of text.matchAll(CUT)) {
    const start = beginningBefore(tree, text, index)
    if (start !== undefined) found.push([view.startOf(start), view.endOf(index - 1)])
  }
  return found
}

/** Where a secret begins that was cut off at `end`. */
function beginningBefore(tree: NeedleTree, text: string, end: number): number | undefined {
  for (let at = Math.max(0, end - MAX_NEEDLE_CHARS); at <= end - MIN_SECRET_CHARS; at += 1) {
    if (tree.isBeginning(text, at, end)) return at
  }
  return undefined
}

function merge(ranges: Range[]): Range[] {
  const merged: Range[] = []
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    const last = merged.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}

function replace(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text
  const between = [...ranges, [text.length, text.length] as const].map(([start], index) =>
    text.slice(ranges[index - 1]?.[1] ?? 0, start),
  )
  return between.join(REPLACEMENT)
}

/** @param ranges of the lines' joined text, in order */
function replaceInLines(lines: readonly string[], ranges: readonly Range[]): string[] {
  let start = 0
  let next = 0
  return lines.map((line) => {
    const end = start + line.length
    const own: Range[] = []
    while ((ranges[next]?.[1] ?? Number.POSITIVE_INFINITY) <= start) next += 1
    for (let at = next; (ranges[at]?.[0] ?? Number.POSITIVE_INFINITY) < end; at += 1) {
      const [from, to] = ranges[at] ?? [end, end]
      own.push([Math.max(from, start) - start, Math.min(to, end) - start])
    }
    start = end + 1
    return replace(line, own)
  })
}
