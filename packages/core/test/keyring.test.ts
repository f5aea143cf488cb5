import { expect, test } from "vitest"
import { createKeyRing, generateMasterKey } from "../src/keyring.ts"

test("what was sealed is opened again, and is not readable in between", () => {
  const ring = createKeyRing(generateMasterKey())
  const sealed = ring.seal("a password: ünïcode", "place")
  expect(sealed).not.toContain("password")
  expect(ring.open(sealed, "place")).toBe("a password: ünïcode")
})

test("the same text is sealed differently each time", () => {
  const ring = createKeyRing(generateMasterKey())
  expect(ring.seal("x", "place")).not.toBe(ring.seal("x", "place"))
})

test("a value sealed for one place cannot be opened at another", () => {
  const ring = createKeyRing(generateMasterKey())
  expect(() => ring.open(ring.seal("x", "hook-a"), "hook-b")).toThrow("changed or moved")
})

test("a changed value cannot be opened", () => {
  const ring = createKeyRing(generateMasterKey())
  const sealed = ring.seal("x".repeat(30), "place")
  const swapped = sealed.slice(0, 20) + (sealed[20] === "A" ? "B" : "A") + sealed.slice(21)
  expect(() => ring.open(swapped, "place")).toThrow("changed or moved")
  expect(() => ring.open(sealed.slice(0, 12), "place")).toThrow("changed or moved")
})

test("after a rotation the old key still opens, and the new one seals", () => {
  const [oldKey, newKey] = [generateMasterKey(), generateMasterKey()]
  const before = createKeyRing(oldKey)
  const after = createKeyRing(`${newKey},${oldKey}`)
  expect(after.open(before.seal("x", "place"), "place")).toBe("x")
  expect(after.keyId).not.toBe(before.keyId)
  expect(() => before.open(after.seal("x", "place"), "place")).toThrow("not in the key ring")
})

test("a key of the wrong length is refused by name", () => {
  expect(() => createKeyRing("c2hvcnQ=")).toThrow("HOOKLANE_MASTER_KEY must hold 32 bytes")
})

test("no two sealed values share a nonce", () => {
  const keyRing = createKeyRing(generateMasterKey())
  const nonceOf = (sealed: string) => Buffer.from(sealed.split(".")[1] ?? "", "base64").toString("hex", 0, 12)
  const nonces = Array.from({ length: 1_000 }, () => nonceOf(keyRing.seal("the same", "place")))
  expect(new Set(nonces).size).toBe(1_000)
})
