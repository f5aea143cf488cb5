/** Remembers whose executors died, so that a hook which kills its process again and again has to wait. */
export interface CrashHistory {
  record(versionId: string): void
  /** Why runs of this version are refused now; undefined when they are not. */
  refusal(versionId: string): string | undefined
}

const WINDOW_MS = 60_000
const DEATHS_ALLOWED = 3
const PAUSE_MS = 30_000

export function createCrashHistory(now: () => number = Date.now): CrashHistory {
  const deathsByVersion = new Map<string, number[]>()

  function recentDeaths(versionId: string): number[] {
    return (deathsByVersion.get(versionId) ?? []).filter((at) => at > now() - WINDOW_MS)
  }

  function forgetOldVersions(): void {
    for (const versionId of deathsByVersion.keys()) {
      if (recentDeaths(versionId).length === 0) deathsByVersion.delete(versionId)
    }
  }

  return {
    record(versionId) {
      forgetOldVersions()
      deathsByVersion.set(versionId, [...recentDeaths(versionId), now()])
    },
    refusal(versionId) {
      if (!deathsByVersion.has(versionId)) return undefined
      const deaths = recentDeaths(versionId)
      const leftMs = (deaths.at(-1) ?? 0) + PAUSE_MS - now()
      if (deaths.length < DEATHS_ALLOWED || leftMs <= 0) return undefined
      return `this version took its process down ${deaths.length} times within a minute; it is paused for another ${Math.ceil(leftMs / 1000)} s`
    },
  }
}
