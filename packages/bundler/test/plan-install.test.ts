import { expect, test } from "vitest"
import { planInstall } from "../src/plan-install.ts"

function plan(dependencies: Record<string, string>, specifiers: string[], required = specifiers) {
  return planInstall({ dependencies, specifiers }, new Set(required))
}

test("a declared package is installed and offered by its name", () => {
  expect(plan({ ms: "2" }, [])).toEqual({
    manifest: { ms: "2" },
    entries: [{ specifier: "ms", target: "ms" }],
  })
})

test("a version in a require declares the package", () => {
  expect(plan({}, ["ipaddr.js@1.9.0"])).toEqual({
    manifest: { "ipaddr.js": "1.9.0" },
    entries: [{ specifier: "ipaddr.js@1.9.0", target: "ipaddr.js" }],
  })
})

test("another version of a declared package has a place of its own, one for all that is required of it", () => {
  expect(plan({ "@a/b": "2" }, ["@a/b@1/x", "@a/b@1", "@a/b@2"])).toEqual({
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
    entries: [
      { specifier: "ms", target: "ms" },
      { specifier: "ms/x", target: "ms/x" },
    ],
  })
})
