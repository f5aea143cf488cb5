import { describe, expect, test } from "vitest"
import { PACKAGE_NAME, packageRequestOf, parseSpecifier, VERSION_SPEC } from "../src/npm-packages.ts"

describe("the request of a hook", () => {
  test("is none without packages", () => {
    const script = 'const a = require("crypto"); mail("bob@example.com"); require("./x"); require("lodash")'
    expect(packageRequestOf({ dependencies: {}, script })).toBeUndefined()
  })

  test("has the declared packages in one order", () => {
    const request = packageRequestOf({ dependencies: { b: "1", a: "^2" }, script: "" })
    expect(JSON.stringify(request)).toBe('{"dependencies":{"a":"^2","b":"1"},"specifiers":[]}')
  })

  test("has what the script requires of declared packages or with a version, once and in one order", () => {
    const script = `
      require('ms@2.1.3'); require("lodash/fp"); require(\`ms@2.1.3\`); require ( "@a/b@^1/c" )
      require("other/x"); require("lodash"); require("node:fs"); require("./node_modules/q@1")`
    expect(packageRequestOf({ dependencies: { lodash: "4", unused: "1" }, script })?.specifiers).toEqual([
      "./node_modules/q@1",
      "@a/b@^1/c",
      "lodash",
      "lodash/fp",
      "ms@2.1.3",
    ])
  })

  test.each(["require(name)", "const load = require", "lazy(require)", "require('a-' + name)"])(
    "has all that is declared when the script has %s",
    (script) => {
      expect(packageRequestOf({ dependencies: { b: "1", a: "2" }, script })?.specifiers).toEqual(["a", "b"])
    },
  )

  test("has what an ES module imports, too", () => {
    const script = `import ms from 'ms@2.1.3'; import "lodash/at"; export { x } from "lodash/fp"\nconst from = { from: "a@1" }`
    expect(packageRequestOf({ dependencies: { lodash: "4" }, script })?.specifiers).toEqual([
      "lodash/at",
      "lodash/fp",
      "ms@2.1.3",
    ])
  })
})

describe("a specifier", () => {
  test.each([
    ["ms", { name: "ms", version: undefined, subpath: "" }],
    ["ms@2.1.3", { name: "ms", version: "2.1.3", subpath: "" }],
    ["@a/b@next/c/d", { name: "@a/b", version: "next", subpath: "/c/d" }],
    ["./node_modules/@a/b@1.0.0/c", { name: "@a/b", version: "1.0.0", subpath: "/c" }],
    ["../node_modules/ms", { name: "ms", version: undefined, subpath: "" }],
    ["ipaddr.js@1.9.0", { name: "ipaddr.js", version: "1.9.0", subpath: "" }],
  ])("%s has its parts", (text, parts) => {
    expect(parseSpecifier(text)).toEqual(parts)
  })

  test.each([
    "./a",
    "./node_modules/../a",
    "./lib/node_modules/a",
    "/etc/passwd",
    "a@file:../b",
    "a@git+ssh://x",
    "a/../../b",
    "node:fs",
    "@a",
    "a@b.tgz",
    "",
  ])("%s is none of the registry's", (text) => {
    expect(parseSpecifier(text)).toBeUndefined()
  })
})

test.each(["", "1.2.3", "^1.2", "~1", ">=1 <2 || 3.x", "1.0.0-rc.1+build", "*", "latest", "1 - 2"])(
  "%j is a version, a range or a tag",
  (spec) => {
    expect(spec).toMatch(VERSION_SPEC)
  },
)

test.each([
  "file:../a",
  "link:../a",
  "git+ssh://git@host/a.git",
  "git://host/a",
  "github:a/b",
  "a/b",
  "https://host/a.tgz",
  "npm:other@1",
  "workspace:*",
  "../a",
  ".",
  "~/a",
  "a.tgz",
  "a.tar.gz",
  "C:\\a",
])("%j is refused as a version", (spec) => {
  expect(spec).not.toMatch(VERSION_SPEC)
})

test.each(["lodash", "@auth0/x", "JSONStream", "ipaddr.js", "a_b-c.d~e"])("%s is a name", (name) => {
  expect(name).toMatch(PACKAGE_NAME)
})

test.each(["", ".a", "_a", "../a", "a/b", "@a", "@/a", "a b", "a@1", "__proto__"])(
  "%j is no name",
  (name) => {
    expect(name).not.toMatch(PACKAGE_NAME)
  },
)
