import { expect, test } from "vitest"
import { createCrashHistory } from "../src/crash-history.ts"

function startAt(start: number) {
  let now = start
  const history = createCrashHistory(() => now)
  return { history, wait: (ms: number) => (now += ms) }
}

test("a version is refused for 30 s after its third death in a minute", () => {
  const { history, wait } = startAt(1_000_000)
  for (const pauseMs of [0, 20_000, 20_000]) {
    wait(pauseMs)
    expect(history.refusal("v")).toBeUndefined()
    history.record("v")
  }
  expect(history.refusal("v")).toMatch(/3 times within a minute; it is paused for another 30 s/)
  expect(history.refusal("w")).toBeUndefined()
  wait(29_999)
  expect(history.refusal("v")).toBeUndefined() // Its first death is more than a minute ago.
})

test("deaths at once pause it for the whole time", () => {
  const { history, wait } = startAt(1_000_000)
  for (const _ of [1, 2, 3]) history.record("v")
  wait(29_999)
  expect(history.refusal("v")).toMatch(/another 1 s/)
  wait(1)
  expect(history.refusal("v")).toBeUndefined()
  history.record("v")
  expect(history.refusal("v")).toMatch(/4 times/)
})
