import { expect, test } from "vitest"
import { createTurns } from "../src/turns.ts"

test("at most so many works run at once, the others in order, also after one that failed", async () => {
  const inTurn = createTurns(2)
  const started: number[] = []
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
  const works = ends.map(({ promise }, index) =>
    inTurn(() => {
      started.push(index)
      return promise
    }),
  )
  const settled = Promise.allSettled(works)
  await Promise.resolve()
  expect(started).toEqual([0, 1])
  ends[1]?.reject(new Error("failed"))
  await expect(works[1]).rejects.toThrow("failed")
  expect(started).toEqual([0, 1, 2])
  for (const { resolve } of ends) resolve()
  expect((await settled).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ])
  expect(started).toEqual([0, 1, 2, 3])
})
