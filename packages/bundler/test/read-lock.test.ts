import { expect, test } from "vitest"
import { readLock } from "../src/read-lock.ts"

const limits = { maxPackages: 3 }
const integrity = "sha512-abc"

function read(packages: object) {
  return readLock(JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } }), limits)
}

test("a lock says what is where, without addresses and in one order", () => {
  const lock = read({
    "node_modules/b": { version: "2.0.0", integrity, resolved: "https://mirror.example/b.tgz" },
    "node_modules/a": { version: "1.0.0", integrity },
    "node_modules/a/node_modules/b": { version: "1.0.0", inBundle: true },
  })
  expect(JSON.stringify(lock)).toBe(
    JSON.stringify({
      a: { version: "1.0.0", integrity },
      "a/node_modules/b": { version: "1.0.0", integrity: "in its parent" },
      b: { version: "2.0.0", integrity },
    }),
  )
})

test.each([
  ["a link", { "node_modules/a": { link: true, resolved: "../a" } }],
  ["a package without a checksum", { "node_modules/a": { version: "1.0.0" } }],
])("a lock with %s is refused", (_, packages) => {
  expect(() => read(packages)).toThrow("a does not come from a registry")
})

test("a lock with more packages than allowed is refused", () => {
  const packages = Object.fromEntries(
    ["a", "b", "c", "d"].map((name) => [`node_modules/${name}`, { version: "1.0.0", integrity }]),
  )
  expect(() => read(packages)).toThrow("These are 4 packages; 3 are allowed")
})
