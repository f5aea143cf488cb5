import { expect, test } from "vitest"
import { createBoundedMap } from "../src/bounded-map.ts"
import { createTokenBuckets } from "../src/token-bucket.ts"

test("a bucket gives its burst, then as fast as tokens come back", () => {
  let now = 0
  const buckets = createTokenBuckets({ burst: 2, perSecond: 4, now: () => now })
  expect(buckets.take("a")).toEqual({ isTaken: true, remaining: 1, fullAt: 250, waitMs: 0 })
  expect(buckets.take("a")).toEqual({ isTaken: true, remaining: 0, fullAt: 500, waitMs: 250 })
  expect(buckets.take("a")).toEqual({ isTaken: false, remaining: 0, fullAt: 500, waitMs: 250 })
  now = 249
  expect(buckets.take("a").isTaken).toBe(false)
  now = 250
  expect(buckets.take("a").isTaken).toBe(true)
})

test("looking takes nothing, and keys do not share", () => {
  const buckets = createTokenBuckets({ burst: 1, perSecond: 1, now: () => 0 })
  expect(buckets.look("a").remaining).toBe(1)
  expect(buckets.take("a").isTaken).toBe(true)
  expect(buckets.look("a").remaining).toBe(0)
  expect(buckets.take("b").isTaken).toBe(true)
})

test("a bounded map forgets what was not used for the longest time", () => {
  const map = createBoundedMap<string, object>(2)
  const [one, two, three] = [{}, {}, {}]
  map.set("one", one)
  map.set("two", two)
  expect(map.get("one")).toBe(one)
  map.set("three", three)
  expect([map.get("one"), map.get("two"), map.get("three")]).toEqual([one, undefined, three])
})
