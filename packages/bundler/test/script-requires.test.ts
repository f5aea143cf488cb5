import { expect, test } from "vitest"
import { requiresOf } from "../src/script-requires.ts"

test.each([
  [
    "a function that is returned",
    'const a = require("a@1"); return function () { require("b/c") }',
    ["a@1", "b/c"],
  ],
  ["a CommonJS module", 'try { require("a") } catch {} module.exports = () => require(`b`)', ["a", "b"]],
  ["an ES module", 'import a from "a"; import "b"; export { c } from "c"; export default a', ["a", "b", "c"]],
  ["TypeScript", 'import a from "a"; import type { B } from "b"; const c = <B>require("c") as B', ["a", "c"]],
  ["comments and strings", '// require("a")\n"require(\'b\')" /* import "c" */', []],
  ["a require of its own", 'const require = (x) => x; require("a")', []],
  ["no JavaScript", '} require("a") {', []],
])("what %s asks for is found", async (_, script, expected) => {
  expect([...(await requiresOf(script))].sort()).toEqual(expected)
})
