import type { Snapshot } from "@hooklane/core"
import { createLoadCache, type LoadCache } from "./load-cache.ts"

export type SnapshotCache = LoadCache<Snapshot>

/** Versions held in memory; a version is at most some 100 kB of script, so this is at most some 20 MB. */
const MAX_SNAPSHOTS = 200

/** Loads each version once: one that can run never changes. */
export function createSnapshotCache(
  load: (versionId: string) => Promise<Snapshot | undefined>,
): SnapshotCache {
  return createLoadCache({
    load,
    sizeOf: () => 1,
    maxSize: MAX_SNAPSHOTS,
    isFinal: ({ unbuilt }) => unbuilt === undefined,
  })
}
