import { expect, test } from "vitest"
import { createLastKnown } from "../src/last-known.ts"

/** A database that answers with a number that counts, or as it is told. */
function open(options: { giveUpMs?: number; keepMs?: number } = {}) {
  const state = { time: 0, loads: 0, answer: async (count: number) => count }
  const { get, set } = createLastKnown({
    load: () => state.answer(++state.loads),
    now: () => state.time,
    patienceMs: 5,
    ...options,
  })
  return { state, get, set }
}

const silent = () => new Promise<number>(() => {})
const failing = () => Promise.reject(new Error("away"))

test("it is loaded once for all who ask, and anew when it is too old", async () => {
  const { state, get } = open()
  expect(await Promise.all([get(10), get(10)])).toEqual([1, 1])
  state.time = 10
  expect(await get(10)).toBe(2)
})

test.each([
  ["is silent", silent],
  ["fails", failing],
])("while the database %s, it is what was last known", async (_, answer) => {
  const { state, get } = open()
  await get(10)
  state.answer = answer
  state.time = 10
  expect([await get(10), await get(10), await get(10)]).toEqual([1, 1, 1])
  expect(state.loads).toBe(2)
})

test("after a failure it is asked again each second, and news are taken when they come", async () => {
  const { state, get } = open()
  await get(10)
  state.answer = failing
  state.time = 10
  await get(10)
  state.answer = async () => 7
  state.time = 1_010
  await get(10)
  expect(await get(10)).toBe(7)
})

test("without anything known the caller is refused soon, or hears what is wrong", async () => {
  const { state, get } = open({ giveUpMs: 5 })
  state.answer = failing
  await expect(get(10)).rejects.toThrow("away")
  state.answer = silent
  await expect(get(10)).rejects.toMatchObject({ code: "database_unavailable" })
})

test("what is too old is not given any more", async () => {
  const { state, get } = open({ keepMs: 100 })
  await get(10)
  state.answer = failing
  state.time = 99
  expect(await get(10)).toBe(1)
  state.time = 100
  await expect(get(10)).rejects.toThrow("away")
})

test("what is set counts more than what was asked before", async () => {
  const { state, get, set } = open()
  await get(10)
  const { promise, resolve } = Promise.withResolvers<number>()
  state.answer = () => promise
  state.time = 10
  const asked = get(10)
  set(42)
  resolve(2)
  expect(await asked).toBe(42)
  expect(await get(10)).toBe(42)
})
