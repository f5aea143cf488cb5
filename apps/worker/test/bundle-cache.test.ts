import { expect, test } from "vitest"
import { createBundleCache } from "../src/bundle-cache.ts"

test("bundles are held up to 64 million characters; the least recently used one goes first", async () => {
  const loads: string[] = []
  const cache = createBundleCache(async (bundleId) => {
    loads.push(bundleId)
    return "x".repeat(20_000_000)
  })
  for (const bundleId of ["a", "b", "c", "a", "d"]) await cache.get(bundleId)
  expect(loads).toEqual(["a", "b", "c", "d"])
  await cache.get("a")
  await cache.get("b")
  expect(loads).toEqual(["a", "b", "c", "d", "b"])
})
