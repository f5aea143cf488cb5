/**
 * Remembers whose executors died, so that a version which kills every process has to wait. One whose runs end in
 * between is not paused: what kills its process now and then is the event, and that is judged by itself.
 */
export interface CrashHistory {
  /** The version took its process down. */
  record(versionId: string): void
  /** A run of the version has come to its end, whatever that was. */
  survive(versionId: string): void
  /** Why runs of this version are refused now; undefined when they are not. */
  refusal(versionId: string): string | undefined
}

/** Deaths one after the other, without one run that ends, from which on the version waits. */
const DEATHS_ALLOWED = 3
const FIRST_PAUSE_MS = 1_000
/** A broken version costs a process in this time, however many events it has. */
const MAX_PAUSE_MS = 10_000
/** The bound for a version whose runs end as well: a new process every 3 s is a tenth of a processor. */
const WINDOW_MS = 60_000
const DEATHS_PER_WINDOW = 20

interface Crashes {
  /** In the window, the oldest first. */
  deaths: number[]
  inARow: number
}

export function createCrashHistory(now: () => number = Date.now): CrashHistory {
  const crashes = new Map<string, Crashes>()

  function recent({ deaths }: Crashes): number[] {
    return deaths.filter((at) => at > now() - WINDOW_MS)
  }

  function forgetOldVersions(): void {
    for (const [versionId, known] of crashes) if (recent(known).length === 0) crashes.delete(versionId)
  }

  return {
    record(versionId) {
      forgetOldVersions()
      const known = crashes.get(versionId) ?? { deaths: [], inARow: 0 }
      const deaths = [...recent(known), now()].slice(-DEATHS_PER_WINDOW)
      crashes.set(versionId, { deaths, inARow: Math.min(known.inARow, deaths.length - 1) + 1 })
    },
    survive(versionId) {
      const known = crashes.get(versionId)
      if (known) known.inARow = 0
    },
    refusal(versionId) {
      const known = crashes.get(versionId)
      if (!known) return undefined
      const deaths = recent(known)
      const leftMs = (deaths.at(-1) ?? 0) + pauseMsOf(deaths.length, known.inARow) - now()
      if (leftMs <= 0) return undefined
      return `this version took its process down ${deaths.length} times within a minute; it is paused for another ${Math.ceil(leftMs / 1000)} s`
    },
  }
}

function pauseMsOf(deaths: number, inARow: number): number {
  if (deaths >= DEATHS_PER_WINDOW) return MAX_PAUSE_MS
  if (inARow < DEATHS_ALLOWED) return 0
  return Math.min(FIRST_PAUSE_MS * 2 ** (inARow - DEATHS_ALLOWED), MAX_PAUSE_MS)
}
