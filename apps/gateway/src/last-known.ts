import { within } from "./within.ts"

export interface LastKnownOptions<Value> {
  load: () => Promise<Value>
  now: () => number
  /** How long a caller waits for news when it could be answered without. Default 250. */
  patienceMs?: number
  /** How long one waits that cannot. Default 3,000. */
  giveUpMs?: number
  /** What is older is no answer any more. Default: any age is. */
  keepMs?: number
}

/** After a failure it is loaded again at most this often. */
const RETRY_MS = 1_000

interface Held<Value> {
  value: Value
  loadedAt: number
}

/**
 * A value of the database that calls need, and that they do not wait for when the database is slow or away: then it
 * is what was last known. The first call in trouble waits a moment, those behind it do not.
 */
export function createLastKnown<Value>(options: LastKnownOptions<Value>) {
  const { load, now, patienceMs = 250, giveUpMs = 3_000, keepMs = Number.POSITIVE_INFINITY } = options
  let held: Held<Value> | undefined
  let loading: Promise<Held<Value>> | undefined
  let isInTrouble = false
  let failedAt = Number.NEGATIVE_INFINITY

  function refresh(): Promise<Held<Value>> {
    loading ??= loadOnce().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function loadOnce(): Promise<Held<Value>> {
    const before = held
    const loadedAt = now()
    try {
      const fresh = { value: await load(), loadedAt }
      isInTrouble = false
      // Unless it was set in the meantime.
      if (held === before) held = fresh
      return held ?? fresh
    } catch (error) {
      failedAt = now()
      isInTrouble = true
      throw error
    }
  }

  async function orLastKnown(last: Held<Value>): Promise<Value> {
    if (isInTrouble && (loading || now() - failedAt < RETRY_MS)) return last.value
    const fresh = refresh()
    // Whoever waits no longer does not hear of its failure.
    fresh.catch(() => undefined)
    if (isInTrouble) return last.value
    try {
      return (await within(fresh, patienceMs)).value
    } catch {
      isInTrouble = true
      return last.value
    }
  }

  return {
    /**
     * @param maxAgeMs beyond it, it is loaded anew
     * @throws AppError database_unavailable when nothing is known after 3 s; what `load` throws before that
     */
    async get(maxAgeMs: number): Promise<Value> {
      const ageMs = held ? now() - held.loadedAt : keepMs
      if (held && ageMs < maxAgeMs) return held.value
      if (held && ageMs < keepMs) return orLastKnown(held)
      return (await within(refresh(), giveUpMs)).value
    },
    /** Known from elsewhere, and newer than what is being loaded. */
    set(value: Value): void {
      held = { value, loadedAt: now() }
    },
  }
}
