import { createLoadCache, type LoadCache } from "./load-cache.ts"

export type BundleCache = LoadCache<string>

/** Bundles held in memory, all together; one of them has 10 MB at most. */
const MAX_CHARS = 64_000_000

/** Loads each bundle of npm packages once. */
export function createBundleCache(load: (bundleId: string) => Promise<string | undefined>): BundleCache {
  return createLoadCache({ load, sizeOf: (code) => code.length, maxSize: MAX_CHARS })
}
