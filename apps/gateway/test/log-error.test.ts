import { AppError } from "@hooklane/core"
import { createClient } from "@hooklane/storage"
import { expect, test } from "vitest"
import { serializeError } from "../src/log-error.ts"
import { openApp } from "./open-app.ts"

test("a log tells an error with its causes and its code", () => {
  const error = new AppError("conflict", "The hook is being changed", { cause: new TypeError("no number") })
  expect(serializeError(error)).toEqual({
    type: "AppError",
    message: "The hook is being changed: no number",
    code: "conflict",
    stack: expect.stringMatching(/^AppError: The hook.*\ncaused by: TypeError: no number\n/s),
  })
})

test("what was to be written to the database is in no log", async () => {
  const { storage } = await openApp()
  await storage.close()
  const failure = await createClient(storage, { name: "a secret name", scopes: [] }).catch((error) => error)
  expect(JSON.stringify(serializeError(new Error("request failed", { cause: failure })))).not.toContain(
    "secret",
  )
  expect(serializeError(failure)).toMatchObject({ message: expect.stringContaining("not open") })
})

test("what is no error is told as it is", () => {
  expect(serializeError("plain text")).toMatchObject({ message: "plain text" })
})
