/** Executions that may take their process down: they run by themselves, in this and in their later attempts. */
export interface Suspects {
  add(executionId: string): void
  has(executionId: string): boolean
}

/** The oldest are forgotten; one that is not harmless is found again. */
const MAX_SUSPECTS = 1_000

export function createSuspects(): Suspects {
  const ids = new Set<string>()
  return {
    add(executionId) {
      ids.add(executionId)
      const [oldest] = ids
      if (ids.size > MAX_SUSPECTS && oldest !== undefined) ids.delete(oldest)
    },
    has: (executionId) => ids.has(executionId),
  }
}
