import { SETTINGS } from "@hooklane/core"
import { expect, test } from "vitest"
import { renderSettings, withSettings } from "../settings/render-table.ts"

const MARKED =
  "# Title\n<!-- settings:start (written by `npm run settings`) -->\nstale words\n<!-- settings:end -->\nrest\n"

test("every setting has a row with its default", () => {
  const rows = renderSettings().split("\n").slice(2)
  expect(rows.map((row) => row.split("`")[1])).toEqual(Object.values(SETTINGS).map(({ env }) => env))
  expect(rows).toContainEqual(expect.stringMatching(/^\| `PORT` \| `3000` \| launcher, gateway \| Port /))
  expect(rows).toContainEqual(expect.stringMatching(/^\| `REDIS_URL` \| private Redis \|/))
})

test("the table replaces what is between the markers, and doing it again changes nothing", () => {
  const written = withSettings(MARKED)
  expect(written).not.toContain("stale words")
  expect(written).toMatch(/^# Title\n/)
  expect(written).toMatch(/-->\nrest\n$/)
  expect(withSettings(written)).toBe(written)
})

test("a document without markers is refused with the markers to add", () => {
  expect(() => withSettings("# Title\n")).toThrow("<!-- settings:end -->")
})
