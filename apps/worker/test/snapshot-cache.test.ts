import type { Snapshot } from "@hooklane/core"
import { expect, test } from "vitest"
import { createSnapshotCache } from "../src/snapshot-cache.ts"

function snapshot(versionId: string): Snapshot {
  return {
    versionId,
    hookId: "h",
    hookName: "h",
    number: 1,
    triggerId: "credentials-exchange",
    script: "",
    dependencies: {},
    sealedSecrets: {},
  }
}

test("concurrent callers of one version share a load", async () => {
  const loads: string[] = []
  const cache = createSnapshotCache(async (id) => {
    loads.push(id)
    return snapshot(id)
  })
  const [a, b] = await Promise.all([cache.get("v1"), cache.get("v1")])
  await cache.get("v1")
  expect(a).toBe(b)
  expect(loads).toEqual(["v1"])
})

test("a version that was missing, or could not be loaded, is looked for again", async () => {
  const answers = [() => undefined, () => Promise.reject(new Error("redis is away")), () => snapshot("v1")]
  const cache = createSnapshotCache(async () => answers.shift()?.())
  expect(await cache.get("v1")).toBeUndefined()
  await expect(cache.get("v1")).rejects.toThrow("redis is away")
  expect(await cache.get("v1")).toMatchObject({ versionId: "v1" })
})

test("the least recently used version is dropped when the cache is full", async () => {
  const loads: string[] = []
  const cache = createSnapshotCache(async (id) => {
    loads.push(id)
    return snapshot(id)
  })
  await cache.get("first")
  await cache.get("second")
  for (let n = 0; n < 200; n++) await cache.get(n === 100 ? "first" : `other-${n}`)
  loads.length = 0
  await cache.get("first")
  await cache.get("second")
  expect(loads).toEqual(["second"])
})

test("a version is looked for again until its npm packages are built", async () => {
  const states = ["pending", "failed", undefined] as const
  let loads = 0
  const cache = createSnapshotCache(async () => {
    const unbuilt = states[loads++]
    return { ...snapshot("v1"), ...(unbuilt && { unbuilt }) }
  })
  for (const unbuilt of states) expect((await cache.get("v1"))?.unbuilt).toBe(unbuilt)
  await cache.get("v1")
  expect(loads).toBe(3)
})
