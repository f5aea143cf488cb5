import { expect, test } from "vitest"
import { storedHookName } from "../src/hook-name.ts"

test.each([
  ["test-hook407", "test-hook-407"],
  ["test-hook520", "test-hook-520"],
  ["auth0-hook-update-app-scope", "auth-0-hook-update-app-scope"],
  ["auth0-hook1", "auth-0-hook-1"],
  ["My Hook", "my-hook"],
  ["myHook", "my-hook"],
  ["HTTPHook", "http-hook"],
  ["pre-hook", "pre-hook"],
  ["1st Hook--2", "1st-hook-2"],
  ["a", "a"],
])("%s is stored as %s", (name, stored) => {
  expect(storedHookName({ preserveNames: false }, name)).toBe(stored)
})

test("a stored name is its own stored form", () => {
  const stored = storedHookName({ preserveNames: false }, "Hook 3f2504e0-4F89-11D3-9A0C-0305E82C3301")
  expect(storedHookName({ preserveNames: false }, stored)).toBe(stored)
})

test("a name is kept where the setting says so", () => {
  expect(storedHookName({ preserveNames: true }, "My Hook1")).toBe("My Hook1")
})
