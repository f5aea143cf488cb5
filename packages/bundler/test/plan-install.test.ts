import { expect, test } from "vitest"
import { planInstall } from "../src/plan-install.ts"

function plan(dependencies: Record<string, string>, specifiers: string[], required = specifiers) {
  return planInstall({ dependencies, specifiers }, { names: new Set(required), isOpen: false })
}

test("a declared package is installed, and offered by its name when it is required", () => {
  const dependencies = { ms: "2", other: "1" }
  expect(plan(dependencies, ["ms"])).toEqual({
    manifest: dependencies,
    entries: [{ specifier: "ms", target: "ms" }],
  })
})

test("of a package that is required in part only, its root is not offered", () => {
  expect(plan({ "aws-sdk": "2" }, ["aws-sdk/clients/sns"]).entries).toEqual([
    { specifier: "aws-sdk/clients/sns", target: "aws-sdk/clients/sns" },
  ])
})

test("all declared packages are offered to a script that computes what it requires", () => {
  const requires = { names: new Set<string>(), isOpen: true }
  const { entries } = planInstall({ dependencies: { a: "1", b: "2" }, specifiers: ["a", "b"] }, requires)
  expect(entries.map((entry) => entry.specifier)).toEqual(["a", "b"])
})

test.each([
  "./node_modules/lodash@4.17.21",
  "../node_modules/lodash@4.17.21",
  "/node_modules/lodash@4.17.21",
])("%s is the package at that place", (specifier) => {
  expect(plan({}, [specifier, `${specifier}/fp`])).toEqual({
    manifest: { lodash: "4.17.21" },
    entries: [
      { specifier, target: "lodash" },
      { specifier: `${specifier}/fp`, target: "lodash/fp" },
    ],
  })
})

test("a version in a require declares the package", () => {
  expect(plan({}, ["ipaddr.js@1.9.0"])).toEqual({
    manifest: { "ipaddr.js": "1.9.0" },
    entries: [{ specifier: "ipaddr.js@1.9.0", target: "ipaddr.js" }],
  })
})

test("another version of a declared package has a place of its own, one for all that is required of it", () => {
  expect(plan({ "@a/b": "2" }, ["@a/b", "@a/b@1/x", "@a/b@1", "@a/b@2"])).toEqual({
    manifest: { "@a/b": "2", "@pinned/1": "npm:@a/b@1" },
    entries: [
      { specifier: "@a/b", target: "@a/b" },
      { specifier: "@a/b@1/x", target: "@pinned/1/x" },
      { specifier: "@a/b@1", target: "@pinned/1" },
      { specifier: "@a/b@2", target: "@a/b" },
    ],
  })
})

test("what the script does not require in fact is left out", () => {
  expect(plan({ ms: "2" }, ["other@1", "ms/x"], ["ms/x"])).toEqual({
    manifest: { ms: "2" },
    entries: [{ specifier: "ms/x", target: "ms/x" }],
  })
})
