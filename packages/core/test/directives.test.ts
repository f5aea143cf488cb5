import { describe, expect, test } from "vitest"
import { parseDirectives } from "../src/index.ts"

test.each([
  ["a word alone", "// hooklane: typescript\nexport default 1", { language: "typescript" }],
  ["a key and its value", "// hooklane: language=typescript", { language: "typescript" }],
  [
    "several on a line",
    "//hooklane:typescript  state=fresh egress=none",
    { language: "typescript", state: "fresh", egress: "none" },
  ],
  [
    "several lines",
    "// hooklane: state=fresh\n// hooklane: egress=none\n",
    { state: "fresh", egress: "none" },
  ],
  [
    "after other comments and blank lines",
    "\n/* by\n * me */ // what it does\r\n\n  // hooklane: state=fresh\r\nx",
    { state: "fresh" },
  ],
  [
    "what to answer when it fails",
    "// hooklane: on-failure=open circuit=off",
    { "on-failure": "open", circuit: "off" },
  ],
  [
    "JSON, to the end of the line",
    '// hooklane: state=fresh fallback={"scope": ["a b"], "https://x.example/?a=b": 1}',
    { state: "fresh", fallback: '{"scope": ["a b"], "https://x.example/?a=b": 1}' },
  ],
])("a script asks with %s", (_, script, directives) => {
  expect(parseDirectives(script)).toEqual({ directives })
})

test.each([
  ["nothing", ""],
  ["another comment", "// see hooklane: state=fresh"],
  ["after a statement", "'use strict'\n// hooklane: state=fresh"],
  ["in a comment of many lines", "/*\n// hooklane: state=fresh\n*/"],
  ["in a text", "`\n// hooklane: state=fresh`"],
  ["behind a comment without an end", "/* // hooklane: state=fresh"],
])("a script asks for nothing with a comment that is %s", (_, script) => {
  expect(parseDirectives(script)).toEqual({ directives: {} })
})

describe("what cannot be understood is a fault", () => {
  test.each([
    [
      "egres=none",
      'Unknown directive "egres"; known are "language", "state", "egress", "order", "on-failure", "fallback", "circuit"',
    ],
    [
      "toString=1",
      'Unknown directive "toString"; known are "language", "state", "egress", "order", "on-failure", "fallback", "circuit"',
    ],
    ["state=stale", 'The directive "state" may be "warm", "fresh", not "stale"'],
    ["state", 'The directive "state" has no value'],
    ["egress=", 'The directive "egress" has no value'],
    ["on-failure=fallback", 'The directive "on-failure" may be "closed", "open", not "fallback"'],
    ["fallback={scope}", 'The directive "fallback" must be JSON, not {scope}'],
    ["order=first", 'The directive "order" must be a whole number, not "first"'],
    ["on-failure=open fallback=1", 'Of the directives "on-failure" and "fallback" there may be one'],
  ])("%s", (text, fault) => {
    expect(parseDirectives(`// hooklane: ${text}`)).toEqual({ fault })
  })
})

test("a long script is read in no time", () => {
  const startedAt = performance.now()
  parseDirectives("// a\n".repeat(20_000) + "/*".repeat(20_000))
  expect(performance.now() - startedAt).toBeLessThan(500)
})
