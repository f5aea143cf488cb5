import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { startIdleWatch } from "../src/contained/idle-watch.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Takes more processor time than an idle process may between two looks. */
function work(): void {
  const { user } = process.cpuUsage()
  while (process.cpuUsage().user - user < 130_000);
}

test("work after the last run is noticed within two seconds", () => {
  const onBurning = vi.fn()
  startIdleWatch({ isBusy: () => false, runsSoFar: () => 1, onBurning })
  for (let look = 0; look < 4; look += 1) {
    work()
    vi.advanceTimersByTime(500)
  }
  expect(onBurning).toHaveBeenCalled()
})

test("a process that is between two short runs whenever it is looked at does its work", () => {
  const onBurning = vi.fn()
  let runs = 0
  startIdleWatch({ isBusy: () => false, runsSoFar: () => runs, onBurning })
  for (let look = 0; look < 6; look += 1) {
    runs += 1
    work()
    vi.advanceTimersByTime(500)
  }
  expect(onBurning).not.toHaveBeenCalled()
})
