import { expect, test } from "vitest"
import { DEFAULT_RETRY_POLICY, retryDelayMs } from "../src/index.ts"

const atBound = () => 1

test("the bound doubles with every failed attempt", () => {
  const bounds = [1, 2, 3, 4].map((attempt) => retryDelayMs(DEFAULT_RETRY_POLICY, attempt, atBound))
  expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000])
})

test("the bound stops at the longest delay", () => {
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 40, atBound)).toBe(300_000)
})

test("jitter is full: any delay from none to the bound", () => {
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 3, () => 0)).toBe(0)
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 3, () => 0.25)).toBe(1_000)
})
