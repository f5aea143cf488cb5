import { expect, test } from "vitest"
import { createCrashHistory } from "../src/crash-history.ts"

function startAt(start: number) {
  let now = start
  const history = createCrashHistory(() => now)
  const die = (times: number) => {
    for (let death = 1; death <= times; death += 1) history.record("v")
  }
  return { history, die, wait: (ms: number) => (now += ms) }
}

test("a version is paused from its third death in a row on, longer with each", () => {
  const { history, die, wait } = startAt(1_000_000)
  die(2)
  expect(history.refusal("v")).toBeUndefined()
  die(1)
  expect(history.refusal("v")).toMatch(/3 times within a minute; it is paused for another 1 s/)
  expect(history.refusal("w")).toBeUndefined()
  for (const seconds of [2, 4, 8, 10, 10]) {
    die(1)
    expect(history.refusal("v")).toMatch(new RegExp(`another ${seconds} s`))
    wait(seconds * 1_000 - 1)
    expect(history.refusal("v")).toMatch(/another 1 s/)
    wait(1)
    expect(history.refusal("v")).toBeUndefined()
  }
})

test("a version whose runs end in between is not paused", () => {
  const { history, die } = startAt(1_000_000)
  for (let round = 1; round <= 9; round += 1) {
    die(2)
    history.survive("v")
    expect(history.refusal("v")).toBeUndefined()
  }
})

test("but for 10 s when it has killed 20 processes within a minute", () => {
  const { history, die, wait } = startAt(1_000_000)
  for (let round = 1; round <= 20; round += 1) {
    die(1)
    history.survive("v")
  }
  expect(history.refusal("v")).toMatch(/20 times within a minute; it is paused for another 10 s/)
  wait(10_000)
  expect(history.refusal("v")).toBeUndefined()
})

test("deaths of more than a minute ago are forgotten", () => {
  const { history, die, wait } = startAt(1_000_000)
  die(2)
  wait(60_000)
  die(1)
  expect(history.refusal("v")).toBeUndefined()
})
