import { describe, expect, test } from "vitest"
import { AppError, parseConfig, retryPolicyFor } from "../src/index.ts"
import { generateMasterKey } from "../src/keyring.ts"

test("an empty environment gives the documented defaults", () => {
  const config = parseConfig({})
  expect(config).toMatchObject({
    host: "127.0.0.1",
    port: 3000,
    dataDir: "./data",
    workers: 1,
    hookTimeoutMs: 20_000,
  })
  expect(config.redisUrl).toBeUndefined()
})

test("an empty variable counts as absent", () => {
  expect(parseConfig({ PORT: "", REDIS_URL: "" }).port).toBe(3000)
})

describe("a bad setting is refused with its name, its problem and a right value", () => {
  test.each([
    [
      "PORT",
      "3000x",
      'PORT is not valid (it is "3000x"): must be a whole number from 0 to 65535. A right value: 3000',
    ],
    [
      "PORT",
      "70000",
      'PORT is not valid (it is "70000"): must be a whole number from 0 to 65535. A right value: 3000',
    ],
    ["HOOKLANE_WORKERS", "-1", /^HOOKLANE_WORKERS is not valid .* from 0 to 64/],
    ["HOOKLANE_REDIS_PREFIX", "a:b", /letters, digits/],
    ["HOOKLANE_RETRIES", "{", /must be JSON/],
    ["HOOKLANE_RETRIES", '{"no-such-trigger":{}}', /no-such-trigger/],
  ])("%s=%s", (name, value, message) => {
    expect(() => parseConfig({ [name]: value })).toThrow(message)
    expect(() => parseConfig({ [name]: value })).toThrow(AppError)
  })
})

test("the value of a secret setting is never repeated", () => {
  const attempt = () => parseConfig({ HOOKLANE_MASTER_KEY: "c2hvcnQ=" })
  expect(attempt).toThrow(/HOOKLANE_MASTER_KEY is not valid: must be 32 bytes/)
  expect(attempt).not.toThrow(/c2hvcnQ/)
})

test.each([
  "file:///var/lib/hooklane.db",
  "postgres://db/hooklane",
  "postgresql://u:p@db:5432/h?sslmode=verify-full",
])("%s is an address of a database", (databaseUrl) =>
  expect(parseConfig({ DATABASE_URL: databaseUrl })).toMatchObject({ databaseUrl }),
)

test("what is no address of a database is refused with both forms, and not repeated", () => {
  const attempt = () => parseConfig({ DATABASE_URL: "mysql://root:hidden@localhost/db" })
  expect(attempt).toThrow(/DATABASE_URL is not valid: must be a file: address .* or a postgres:\/\/ address/)
  expect(attempt).not.toThrow(/hidden/)
})

test("several master keys are accepted, the newest first", () => {
  const keys = `${generateMasterKey()},${generateMasterKey()}`
  expect(parseConfig({ HOOKLANE_MASTER_KEY: keys }).masterKey).toBe(keys)
})

test("a trigger's retry policy keeps the defaults that were not set", () => {
  const config = parseConfig({ HOOKLANE_RETRIES: '{"post-change-password":{"attempts":2}}' })
  expect(retryPolicyFor(config, "post-change-password")).toMatchObject({ attempts: 2, firstDelayMs: 1_000 })
  expect(retryPolicyFor(config, "post-user-registration")).toMatchObject({ attempts: 5 })
})
