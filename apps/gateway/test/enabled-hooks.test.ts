import type { Snapshot } from "@hooklane/core"
import { expect, test } from "vitest"
import { createEnabledHooks } from "../src/enabled-hooks.ts"

const snapshot: Snapshot = {
  versionId: "ver_1",
  hookId: "hook_1",
  hookName: "my-hook",
  number: 1,
  triggerId: "credentials-exchange",
  script: "",
  dependencies: {},
  sealedSecrets: {},
}

function start(find: () => Promise<Snapshot | undefined> = async () => snapshot) {
  const published: string[] = []
  let time = 0
  const enabledHooks = createEnabledHooks({
    find: async () => [await find()].filter((found) => found !== undefined),
    publish: async ({ versionId }) => void published.push(versionId),
    now: () => time,
  })
  return { enabledHooks, published, advance: (ms: number) => (time += ms) }
}

test("a hook is published before it is first used, and not at every event", async () => {
  const { enabledHooks, published } = start()
  await enabledHooks.get("credentials-exchange")
  await enabledHooks.get("credentials-exchange")
  expect(published).toEqual(["ver_1"])
})

test("it is published again while it stays enabled, so that Redis never drops it", async () => {
  const { enabledHooks, published, advance } = start()
  await enabledHooks.get("credentials-exchange")
  advance(60_000)
  await enabledHooks.get("credentials-exchange")
  expect(published).toHaveLength(2)
})

test("a change is seen by the next event", async () => {
  const found: (Snapshot | undefined)[] = [snapshot, { ...snapshot, versionId: "ver_2" }, undefined]
  const { enabledHooks } = start(async () => found.shift())
  await enabledHooks.get("credentials-exchange")
  await enabledHooks.changed("credentials-exchange")
  expect(await enabledHooks.get("credentials-exchange")).toMatchObject({ versionId: "ver_2" })
  await enabledHooks.changed("credentials-exchange")
  expect(await enabledHooks.get("credentials-exchange")).toBeUndefined()
})

test("of versions that are saved one after the other, those that events came for are published", async () => {
  let number = 0
  const { enabledHooks, published } = start(async () => ({ ...snapshot, versionId: `ver_${number}` }))
  for (number = 1; number <= 2_000; number += 1) {
    await enabledHooks.changed("credentials-exchange")
    if (number === 1_000) await enabledHooks.get("credentials-exchange")
  }
  await enabledHooks.get("credentials-exchange")
  expect(published).toEqual(["ver_1000", "ver_2000"])
})

test("a failed load is not remembered", async () => {
  const answers = [() => Promise.reject(new Error("no database")), async () => snapshot]
  const { enabledHooks } = start(async () => answers.shift()?.())
  await expect(enabledHooks.get("credentials-exchange")).rejects.toThrow("no database")
  expect(await enabledHooks.get("credentials-exchange")).toMatchObject({ versionId: "ver_1" })
})

test("a version that is being built is looked at again after a second", async () => {
  const found: Snapshot[] = [{ ...snapshot, unbuilt: "pending" }, snapshot]
  const { enabledHooks, advance } = start(async () => found.shift())
  expect(await enabledHooks.get("credentials-exchange")).toMatchObject({ unbuilt: "pending" })
  advance(999)
  expect(await enabledHooks.get("credentials-exchange")).toMatchObject({ unbuilt: "pending" })
  advance(1)
  expect(await enabledHooks.get("credentials-exchange")).toEqual(snapshot)
})

test("the hooks of a chain are all published, and given in their order", async () => {
  const published: string[] = []
  const chain = [snapshot, { ...snapshot, versionId: "ver_2" }]
  const { all, get } = createEnabledHooks({
    find: async () => chain,
    publish: async ({ versionId }) => void published.push(versionId),
  })
  expect(await all("credentials-exchange")).toEqual(chain)
  expect(await get("credentials-exchange")).toEqual(snapshot)
  expect(published).toEqual(["ver_1", "ver_2"])
})
