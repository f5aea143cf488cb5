import { expect, test } from "vitest"
import { createWaitForecast } from "../src/wait-forecast.ts"

/** A forecast whose time is that of the look. */
function lookAtLane() {
  let at = 0
  const forecast = createWaitForecast(() => at)
  return (look: { at: number; waiting: number; taken: number; oldestWaitingMs: number }) => {
    at = look.at
    return forecast(look)
  }
}

test("nobody waits in an empty lane", () => {
  const look = lookAtLane()
  expect(look({ at: 0, waiting: 0, taken: 0, oldestWaitingMs: 0 })).toBe(0)
  expect(look({ at: 500, waiting: 0, taken: 1_000, oldestWaitingMs: 0 })).toBe(0)
})

test("a lane that was never empty tells how fast it is served", () => {
  const look = lookAtLane()
  look({ at: 0, waiting: 500, taken: 0, oldestWaitingMs: 100 })
  expect(look({ at: 500, waiting: 450, taken: 50, oldestWaitingMs: 600 })).toBe(4_500)
  expect(look({ at: 1_000, waiting: 900, taken: 100, oldestWaitingMs: 1_100 })).toBe(9_000)
})

test("the speed at which jobs come is not taken for that at which they are served", () => {
  const look = lookAtLane()
  look({ at: 0, waiting: 1, taken: 0, oldestWaitingMs: 1 })
  // Between the looks the lane was empty most of the time: the job in line has just come.
  expect(look({ at: 5_000, waiting: 1, taken: 1, oldestWaitingMs: 2 })).toBe(2)
})

test("a worker that has just begun is not taken for a slow one", () => {
  const look = lookAtLane()
  look({ at: 0, waiting: 20, taken: 0, oldestWaitingMs: 400 })
  expect(look({ at: 500, waiting: 44, taken: 1, oldestWaitingMs: 900 })).toBe(900)
  expect(look({ at: 2_000, waiting: 44, taken: 2, oldestWaitingMs: 2_400 })).toBe(44_000)
})

test("a lane from which nobody takes makes wait as long as its oldest job has", () => {
  const look = lookAtLane()
  look({ at: 0, waiting: 10, taken: 5, oldestWaitingMs: 3_000 })
  expect(look({ at: 500, waiting: 20, taken: 5, oldestWaitingMs: 3_500 })).toBe(3_500)
})

test("a change of speed counts once what was before is ten seconds ago", () => {
  const look = lookAtLane()
  for (let at = 0; at <= 10_000; at += 500)
    look({ at, waiting: 1_000, taken: at / 10, oldestWaitingMs: 20_000 })
  for (let at = 10_500; at < 20_500; at += 500)
    look({ at, waiting: 1_000, taken: 1_000 + (at - 10_000), oldestWaitingMs: 20_000 })
  expect(look({ at: 20_500, waiting: 1_000, taken: 11_500, oldestWaitingMs: 20_000 })).toBe(1_000)
})
