/** What is known of a process that may go. */
export interface Evictable {
  /** Runs that it has served. */
  served: number
}

/** Remembers which versions had to make room, so as to notice when they come back in turn. */
export interface Evictions {
  note(key: string): void
  /** Of idle processes, the least recently used first, the one that makes room for `key`; undefined: there is none. */
  choose<One extends Evictable>(key: string, idle: readonly One[]): One | undefined
}

/**
 * The least recently used process goes. But where versions take turns, as in a chain of more hooks than there are
 * processes, that one is always the next to be needed, and every run would start a process. So for a version that was
 * evicted lately the newest one goes that has served one run only: the others are kept, and meet their next turn.
 * @param remembered evicted versions; a multiple of the processes, since a longer chain comes back later
 */
export function createEvictions(remembered: number): Evictions {
  const evicted = new Set<string>()
  return {
    note(key) {
      // To the end: the latest.
      evicted.delete(key)
      evicted.add(key)
      const [oldest] = evicted
      if (evicted.size > remembered && oldest !== undefined) evicted.delete(oldest)
    },
    choose(key, idle) {
      const takesTurns = evicted.has(key)
      return (takesTurns ? idle.findLast(({ served }) => served <= 1) : undefined) ?? idle[0]
    },
  }
}
