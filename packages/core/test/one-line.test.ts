import { expect, test } from "vitest"
import { oneLine } from "../src/one-line.ts"

/** All that a terminal acts on, and that turns or hides text. */
const UNSEEN = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  0x061c,
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x2064),
  ...range(0x2066, 0x206f),
  0xfeff,
].map((code) => String.fromCharCode(code))

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

test.each(UNSEEN.map((one) => [one.charCodeAt(0).toString(16), one]))(
  "U+%s is written as an escape",
  (_, one) => {
    expect(oneLine(`a${one}b`)).toMatch(/^a\\[nrtu][0-9a-f]{0,4}b$/)
  },
)

test("what can be seen stays as it is", () => {
  const text = "2 > 1: pässwörd ключ 鍵 🔑 עברית \"quoted\" C:\\new '✓'"
  expect(oneLine(text)).toBe(text)
})

test("a forged line stays in its line", () => {
  expect(oneLine("x\u001b[31m\r\n21:00:00 ERROR gateway: y")).toBe(
    "x\\u001b[31m\\r\\n21:00:00 ERROR gateway: y",
  )
})
