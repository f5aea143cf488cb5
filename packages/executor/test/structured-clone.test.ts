import { describe, expect, test } from "vitest"
import { structuredClone as ours } from "../src/contained/structured-clone.ts"

describe("a clone is what Node's own is:", () => {
  test.each<[string, unknown]>([
    ["primitives", [1, "a", true, null, undefined, 10n, Number.NaN]],
    ["objects in objects", { a: { b: [1, { c: 2 }] } }],
    ["a list with holes", Object.assign(new Array(3), { 1: "a", more: 2 })],
    ["dates and expressions", [new Date(0), /a/giu]],
    ["wrapped primitives", [Object("a"), Object(1), Object(false)]],
    ["maps and sets", new Map<unknown, unknown>([[{ a: 1 }, new Set([1, [2]])]])],
    ["bytes", [new Uint8Array([1, 2, 3]), new DataView(new ArrayBuffer(4), 1, 2), Buffer.from("abc")]],
    ["numbers in bytes", new Float64Array([1.5, 2])],
    ["errors", [new TypeError("a"), new Error("b", { cause: { c: 1 } })]],
    [
      "an instance of a class",
      new (class Point {
        x = 1
      })(),
    ],
    ["what is called __proto__", JSON.parse('{"__proto__":{"admin":true}}')],
  ])("%s", (_, value) => {
    expect(ours(value)).toStrictEqual(structuredClone(value))
    expect(ours(value)).not.toBe(value)
  })
})

test("cycles stay cycles, and what was one object stays one", () => {
  const value: Record<string, unknown> = { shared: {} }
  value["self"] = value
  value["again"] = value["shared"]
  const copy: unknown = ours(value)
  expect(Reflect.get(Object(copy), "self")).toBe(copy)
  expect(Reflect.get(Object(copy), "again")).toBe(Reflect.get(Object(copy), "shared"))
})

test("a buffer that is transferred is empty afterwards", () => {
  const buffer = new Uint8Array([1, 2]).buffer
  expect(ours({ buffer }, { transfer: [buffer] })).toEqual({ buffer: new Uint8Array([1, 2]).buffer })
  expect(buffer.byteLength).toBe(0)
})

test.each<[string, unknown]>([
  ["a function", () => {}],
  ["a symbol", Symbol("a")],
  ["a promise", Promise.resolve()],
  ["a weak map", new WeakMap()],
  ["a proxy", new Proxy({}, {})],
  ["an address", new URL("http://localhost")],
  ["a blob", new Blob(["a"])],
  ["a target of events", new EventTarget()],
])("%s cannot be cloned", (_, value) => {
  expect(() => ours({ value })).toThrow(expect.objectContaining({ name: "DataCloneError" }))
})

test("no hidden method of an object is asked", () => {
  const hidden = Object.getOwnPropertySymbols(Blob.prototype)
  const asked: unknown[] = []
  const value = Object.fromEntries(hidden.map((key) => [key, () => asked.push(key)]))
  expect(ours(value)).toEqual({})
  expect(asked).toEqual([])
  expect(hidden.length).toBeGreaterThan(1)
})
