import { expect, onTestFinished, test } from "vitest"
import { createEvictions } from "../src/evictions.ts"
import { runBody, start } from "./harness.ts"

/** Processes for `room` versions; `use` gives whether one had to be started. */
function processes(room: number) {
  const evictions = createEvictions(4 * room)
  const living = new Map<string, { key: string; served: number }>()
  function use(key: string): boolean {
    const known = living.get(key)
    if (!known && living.size === room) {
      const { key: gone } = evictions.choose(key, [...living.values()]) ?? { key: "" }
      living.delete(gone)
      evictions.note(gone)
    }
    living.delete(key)
    living.set(key, { key, served: (known?.served ?? 0) + 1 })
    return known === undefined
  }
  const startsFor = (keys: readonly string[]) => keys.filter(use).length
  return { startsFor, living }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`)

test.each([
  [12, 4],
  [60, 32],
])("of a chain of %i hooks on %i processes most of the processes are used again", (length, room) => {
  const { startsFor } = processes(room)
  const chain = names(length)
  expect(startsFor(chain)).toBe(length)
  for (let turn = 2; turn <= 5; turn += 1) expect(startsFor(chain)).toBeLessThanOrEqual(length - room + 2)
})

test("versions that come once each make the least recently used one go", () => {
  const { startsFor, living } = processes(3)
  startsFor(["a", "b", "c", "a", "d"])
  expect([...living.keys()]).toEqual(["c", "a", "d"])
})

test("a version that is used again and again stays, whoever takes turns beside it", () => {
  const { startsFor } = processes(4)
  const turns = names(12).flatMap((name) => ["hot", name])
  startsFor(turns)
  expect(startsFor(turns)).toBeLessThanOrEqual(12)
  expect(startsFor(["hot"])).toBe(0)
})

test("when all have served several runs, one of them goes", () => {
  const { startsFor, living } = processes(2)
  startsFor(["a", "b", "c", "b", "c", "a"])
  expect([...living.keys()]).toEqual(["c", "a"])
})

test("a chain of more hooks than processes starts fewer of them when it is called again", {
  timeout: 60_000,
}, async () => {
  const executors = await start({ maxExecutors: 3 })
  onTestFinished(executors.close)
  const pidOf = (version: string) =>
    executors.stats().executors.find(({ hookVersions }) => hookVersions[0] === version)?.pid
  let starts = 0
  for (const version of [...names(6), ...names(6)]) {
    const before = pidOf(version)
    await runBody(executors, "cb(null, { user })", { versionId: version })
    if (before === undefined) starts += 1
  }
  expect(starts).toBeLessThanOrEqual(6 + 4)
})
