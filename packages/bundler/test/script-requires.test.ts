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
  expect([...(await requiresOf(script)).names].sort()).toEqual(expected)
})

test.each([
  ["a plain require", 'require("a"); typeof require', false],
  ["a require of a variable", "(name) => require(name)", true],
  ["a require under another name", 'const load = require; load("a")', true],
  ["a require that is handed on", 'require("lazy")(require)', true],
  ["a place that is computed", 'require("./node_modules/" + name)', true],
  ["something computed below a package", "require('a/locale/' + name)", false],
  ["TypeScript", "const load = (name: string): unknown => require(name)", true],
  ["no JavaScript", '} require("a") {', true],
])("after %s, any declared package may be asked for: or not", async (_, script, isOpen) => {
  expect(await requiresOf(script)).toMatchObject({ isOpen })
})

test("what a script computes below a package is known by its beginning", async () => {
  const script = "module.exports = (x) => [require('a/locale/' + x), require('@b/c/' + x)]"
  expect(await requiresOf(script)).toMatchObject({ isOpen: false, beginnings: ["@b/c/", "a/locale/"] })
})
