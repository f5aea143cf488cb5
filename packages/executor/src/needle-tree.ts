/** Finds which of many needles stands at a place of a text, in one walk for all of them. */
export interface NeedleTree {
  /** Length of the longest needle that stands at `at`; 0 when none does. */
  longestAt(text: string, at: number): number
  /** True when what stands from `at` to `end` is the beginning of a needle. */
  isBeginning(text: string, at: number, end: number): boolean
}

/** A needle is no longer than this, so that a walk is short whatever the text. */
export const MAX_NEEDLE_CHARS = 95

/** The needles that begin alike. */
interface Branch {
  /** What they share after what the branches before have. */
  label: string
  /** One of them ends with the label. */
  isEnd: boolean
  /** The others, by their next character, which is the first one of the next label. Made when first needed. */
  next(code: number): Branch | undefined
}

/** So many bits of a hash dismiss nearly every place of a text: with 80,000 needles, too. */
const MIN_FILTER_BITS = 12
const MAX_FILTER_BITS = 20

/** @param needles of 4 to `MAX_NEEDLE_CHARS` characters */
export function createNeedleTree(needles: readonly string[]): NeedleTree {
  const root = grow(needles, 0)
  const bits = Math.min(MAX_FILTER_BITS, Math.max(MIN_FILTER_BITS, Math.ceil(Math.log2(needles.length)) + 4))
  const begins = new Uint8Array(1 << bits)
  for (const needle of needles) begins[slotOf(needle, 0)] = 1

  /** Where the first four characters of a needle are noted. */
  function slotOf(text: string, at: number): number {
    const first = Math.imul(text.charCodeAt(at), 31) + text.charCodeAt(at + 1)
    const second = Math.imul(text.charCodeAt(at + 2), 31) + text.charCodeAt(at + 3)
    return Math.imul(Math.imul(first, 0x85ebca6b) + second, 0x9e3779b1) >>> (32 - bits)
  }

  return {
    longestAt: (text, at) => (begins[slotOf(text, at)] === 1 ? longestOn(root, text, at) : 0),
    isBeginning(text, at, end) {
      if (begins[slotOf(text, at)] === 0) return false
      let from = at
      for (let branch: Branch | undefined = root; branch; ) {
        const to: number = endOfMatch(branch.label, text, from)
        if (to >= end) return true
        if (to < from + branch.label.length) return false
        from = to
        branch = branch.next(text.charCodeAt(to))
      }
      return false
    },
  }
}

function grow(needles: readonly string[], depth: number): Branch {
  const label = labelOf(needles, depth)
  const end = depth + label.length
  const longer = needles.filter(({ length }) => length > end)
  let groups: Map<number, string[]> | undefined
  const grown = new Map<number, Branch>()
  return {
    label,
    isEnd: longer.length < needles.length,
    next(code) {
      groups ??= Map.groupBy(longer, (needle) => needle.charCodeAt(end))
      const group = groups.get(code)
      if (!group) return undefined
      const branch = grown.get(code) ?? grow(group, end)
      grown.set(code, branch)
      return branch
    },
  }
}

function labelOf(needles: readonly string[], depth: number): string {
  const [first = ""] = needles
  let end = first.length
  for (const needle of needles) end = Math.min(end, endOfMatch(first.slice(depth, end), needle, depth))
  return first.slice(depth, end)
}

function longestOn(root: Branch, text: string, at: number): number {
  let longest = 0
  let from = at
  for (let branch: Branch | undefined = root; branch; ) {
    const to: number = endOfMatch(branch.label, text, from)
    if (to < from + branch.label.length) break
    if (branch.isEnd) longest = to - at
    from = to
    branch = branch.next(text.charCodeAt(to))
  }
  return longest
}

/** Where a text that is read from `from` on stops to be the same as a label. */
function endOfMatch(label: string, text: string, from: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(from + length)) length += 1
  return from + length
}
