/** What a run has begun and not ended, in words for people. */
export interface OpenWork {
  /** Comes to an end by itself. */
  underWay: string[]
  /** Connections on which nothing moves any more. */
  atRest: string[]
  /** They may go on for ever. */
  intervals: string[]
}

/** A connection, or the look-up of a name. */
export interface LineState {
  /** `connection` or `lookup`, and where to. */
  what: string
  /** Its hook, or the agent that keeps it for later, does not want it to hold the run. */
  isUnreffed: boolean
  /** Since when no byte has come or gone. */
  quietMs: number
  /** After so long without a byte it is at rest; undefined while somebody waits for an answer on it. */
  restsAfterMs: number | undefined
}

export interface OpenWorkParts {
  timers: { once: number; repeated: number }
  lines: readonly LineState[]
  /** Given to `waitUntil`. */
  promises: number
  storageCalls: number
}

/**
 * Sorts what is open.
 * @param isAwaited somebody waits for the thread: a connection that was quiet for a moment is at rest
 */
export function sortOpenWork(
  { timers, lines, promises, storageCalls }: OpenWorkParts,
  { isAwaited }: { isAwaited: boolean },
): OpenWork {
  const hasOther = promises + storageCalls + timers.once + timers.repeated > 0
  if (lines.length === 0 && !hasOther) return NOTHING
  const held = lines.filter(({ isUnreffed }) => !isUnreffed)
  const isAtRest = ({ restsAfterMs, quietMs }: LineState) =>
    restsAfterMs !== undefined && quietMs >= (isAwaited ? AWAITED_REST_MS : restsAfterMs)
  return {
    underWay: [
      ...counted(timers.once, "timer"),
      ...grouped(held.filter((line) => !isAtRest(line)).map(({ what }) => what)),
      ...counted(promises, "promise of waitUntil", "promises of waitUntil"),
      ...counted(storageCalls, "call of storage", "calls of storage"),
    ],
    atRest: grouped(held.filter(isAtRest).map(({ what }) => `idle ${what}`)),
    intervals: counted(timers.repeated, "interval"),
  }
}

const NOTHING: OpenWork = { underWay: [], atRest: [], intervals: [] }

/** An answer that is still coming in brings its next bytes sooner. */
const AWAITED_REST_MS = 100
/** More are told as a number. */
const MAX_KINDS = 10

function grouped(whats: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const what of whats) counts.set(what, (counts.get(what) ?? 0) + 1)
  const kinds = [...counts].map(
    ([what, count]) => counted(count, what, what.replace(/^((?:idle )?\w+)/, "$1s"))[0],
  )
  const rest = kinds.length - MAX_KINDS
  return [...kinds.slice(0, MAX_KINDS).flatMap((one) => one ?? []), ...counted(rest, "further destination")]
}

function counted(count: number, one: string, many = `${one}s`): string[] {
  return count > 0 ? [count === 1 ? `1 ${one}` : `${count} ${many}`] : []
}
