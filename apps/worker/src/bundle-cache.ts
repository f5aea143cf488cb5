import { createLoadCache, type LoadCache } from "./load-cache.ts"

export type BundleCache = LoadCache<string>

/** Bundles held in memory, all together; one has 10 MB by default, and 30 MB at most (HOOKLANE_MAX_BUNDLE_BYTES). */
const MAX_CHARS = 64_000_000

/** Loads each bundle of npm packages once. */
export function createBundleCache(load: (bundleId: string) => Promise<string | undefined>): BundleCache {
  return createLoadCache({ load, sizeOf: (code) => code.length, maxSize: MAX_CHARS })
}
