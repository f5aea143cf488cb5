import type { ReplacedVersions } from "@hooklane/queue"

/** Kept in Redis per hook whether a job needs them or not: 2 MB of the largest scripts. */
const KEEP_PER_HOOK = 20
/** Other gateways still make jobs of a version for a second after it was replaced. */
const GRACE_MS = 60_000

export interface ReplacedVersionsDeps {
  /** Whether this gateway does it now, of all that could. */
  takeTurn: () => Promise<boolean>
  listReplaced: (choice: { keep: number; replacedBefore: number }) => Promise<ReplacedVersions[]>
  /** Whether the history knows all that was accepted until now. */
  isHistoryWhole: () => Promise<boolean>
  findInUse: (hookId: string) => Promise<Set<string>>
  /** What was accepted before may wait without being in the history any more. */
  findHistoryStart: () => Promise<Date | undefined>
  drop: (versions: { hookId: string; versionIds: string[] }) => Promise<void>
  now: () => number
}

/**
 * Drops from Redis what many saves of a hook have left there. A version that a job may need stays, however old: it is
 * the only copy when its hook was deleted, or saved a hundred times since.
 */
export async function dropReplacedVersions(deps: ReplacedVersionsDeps): Promise<void> {
  if (!(await deps.takeTurn())) return
  const replaced = await deps.listReplaced({
    keep: KEEP_PER_HOOK,
    replacedBefore: deps.now() - GRACE_MS,
  })
  // Listed before: a job that was made meanwhile is of a version that is not in the list.
  if (replaced.length === 0 || !(await deps.isHistoryWhole())) return
  for (const { hookId, versions } of replaced) {
    const inUse = await deps.findInUse(hookId)
    // Read last, since old history is removed at any time.
    const startMs = (await deps.findHistoryStart())?.getTime() ?? Number.POSITIVE_INFINITY
    const unneeded = versions.filter((one) => one.publishedAt > startMs && !inUse.has(one.versionId))
    await deps.drop({ hookId, versionIds: unneeded.map(({ versionId }) => versionId) })
  }
}
