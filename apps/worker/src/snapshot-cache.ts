import type { Snapshot } from "@hooklane/core"

/** Versions held in memory; a version is at most some 100 kB of script, so this is at most some 20 MB. */
const MAX_SNAPSHOTS = 200

/**
 * Loads each version once: a version never changes. The least recently used one is dropped when the cache is
 * full, and concurrent callers of one version share a load. What is missing is not remembered.
 */
export function createSnapshotCache(load: (versionId: string) => Promise<Snapshot | undefined>) {
  const cached = new Map<string, Promise<Snapshot | undefined>>()

  async function get(versionId: string): Promise<Snapshot | undefined> {
    const known = cached.get(versionId)
    cached.delete(versionId)
    const loading = known ?? load(versionId)
    cached.set(versionId, loading)
    dropOldest()
    const snapshot = await loading.catch((error: unknown) => {
      cached.delete(versionId)
      throw error
    })
    if (!snapshot) cached.delete(versionId)
    return snapshot
  }

  function dropOldest(): void {
    for (const oldest of cached.keys()) {
      if (cached.size <= MAX_SNAPSHOTS) return
      cached.delete(oldest)
    }
  }

  return { get }
}

export type SnapshotCache = ReturnType<typeof createSnapshotCache>
