import { decodeTime } from "ulid"
import { expect, test } from "vitest"
import { newExecutionId } from "../src/execution-id.ts"

test("an execution's id carries the moment it was made and is never given twice", () => {
  const before = Date.now()
  const ids = Array.from({ length: 10_000 }, newExecutionId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every((id) => /^exe_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true)
  const madeAt = ids.map((id) => decodeTime(id.slice("exe_".length)))
  expect(Math.min(...madeAt)).toBeGreaterThanOrEqual(before)
  expect(Math.max(...madeAt)).toBeLessThanOrEqual(Date.now())
})

test("every character of the random part varies", () => {
  const ids = Array.from({ length: 1_000 }, newExecutionId)
  for (let at = 14; at < 30; at += 1) expect(new Set(ids.map((id) => id[at])).size).toBe(32)
})
