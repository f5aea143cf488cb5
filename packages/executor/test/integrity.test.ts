import { expect, test } from "vitest"
import { watchIntegrity } from "../src/contained/integrity.ts"

const MARK = Symbol("mark")

function manyObjects(): Record<string, unknown>[] {
  return Array.from({ length: 40 }, () => ({ kept: 1, nan: Number.NaN, "o'dd": 2, [MARK]: 3 }))
}

test("what nobody touched is intact, however often it is asked", () => {
  const watch = watchIntegrity(manyObjects())
  for (let call = 0; call < 100; call += 1) expect(watch.isIntact()).toBe(true)
})

test.each<[string, (object: Record<string, unknown>) => unknown]>([
  ["replaced", (object) => Object.assign(object, { kept: 2 })],
  ["replaced under a symbol", (object) => Object.assign(object, { [MARK]: 4 })],
  ["replaced under a name that is no word", (object) => Object.assign(object, { "o'dd": 4 })],
  ["a number where there was none", (object) => Object.assign(object, { nan: 0 })],
  ["removed", (object) => Reflect.deleteProperty(object, "kept")],
  ["added", (object) => Object.assign(object, { more: 1 })],
])("a property that was %s is noticed at once, on every object", (_, change) => {
  for (let index = 0; index < 40; index += 1) {
    const objects = manyObjects()
    const watch = watchIntegrity(objects)
    change(objects[index] ?? {})
    expect(watch.isIntact()).toBe(false)
  }
})

test("a hidden property that was added is noticed within 16 calls, on every object", () => {
  for (let index = 0; index < 40; index += 1) {
    const objects = manyObjects()
    const watch = watchIntegrity(objects)
    Object.defineProperty(objects[index] ?? {}, "hidden", { value: 1 })
    const calls = Array.from({ length: 16 }, () => watch.isIntact())
    expect(calls).toContain(false)
  }
})

test("what was accepted counts as right", () => {
  const objects = manyObjects()
  const watch = watchIntegrity(objects)
  Object.assign(objects[3] ?? {}, { more: 1 })
  watch.accept()
  for (let call = 0; call < 32; call += 1) expect(watch.isIntact()).toBe(true)
})
