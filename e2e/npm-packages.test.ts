import { createHmac } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type LibraryHook, openHook } from "./libraries/open-hook.ts"

/** Packages as they are published: one install of them for all tests here. */
const DEPENDENCIES = {
  axios: "^1.12.0",
  debug: "^4.4.0",
  "is-number": "7.0.0",
  jsonwebtoken: "^9.0.0",
  lodash: "^4.17.21",
  nanoid: "^5.0.0",
  uuid: "^11.0.0",
}

let hook: LibraryHook

beforeAll(async () => {
  hook = await openHook({ dependencies: DEPENDENCIES, specifiers: ["ms@2.1.3", "lodash/fp", "uuid@8.3.2"] })
}, 90_000)
afterAll(() => hook.close())

test("lodash works, with a path below it and with templates, which make code", async () => {
  const body = `
    const _ = require("lodash"), fp = require("lodash/fp")
    return [_.chunk([1, 2, 3], 2), fp.map((n) => n + 1)([1]), _.template("Hi <%= name %>")({ name: "Ann" })]`
  expect(await hook.run(body)).toEqual([[[1, 2], [3]], [2], "Hi Ann"])
})

test("uuid works, in a declared version and beside it in one that the script asks for", async () => {
  const [declared, asked] = Object(
    await hook.run('return [require("uuid").v7(), require("uuid@8.3.2").v4()]'),
  )
  expect(declared).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(asked).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
})

test("jsonwebtoken signs what others verify, and verifies it", async () => {
  const body = `
    const jwt = require("jsonwebtoken")
    const token = jwt.sign({ sub: "auth0|1" }, "shh", { noTimestamp: true })
    return [token, jwt.verify(token, "shh")]`
  const [token, verified] = Object(await hook.run(body))
  const [head, payload, signature] = token.split(".")
  expect(signature).toBe(createHmac("sha256", "shh").update(`${head}.${payload}`).digest("base64url"))
  expect(verified).toEqual({ sub: "auth0|1" })
})

test("axios builds requests and reads answers", async () => {
  const body = `
    const axios = require("axios")
    const adapter = async (config) => ({ data: JSON.stringify({ asked: axios.getUri(config) }), status: 200, headers: {}, config })
    const { data } = await axios.get("https://example.com/a", { params: { b: 1 }, adapter })
    return data`
  expect(await hook.run(body)).toEqual({ asked: "https://example.com/a?b=1" })
})

test("a package of modules only, one that can do without another, and small ones work", async () => {
  const body = `
    const { nanoid } = require("nanoid"), ms = require("ms@2.1.3"), isNumber = require("is-number")
    return [nanoid(10).length, ms("2 days"), isNumber("5"), typeof require("debug")("x")]`
  expect(await hook.run(body)).toEqual([10, 172_800_000, true, "function"])
})

test("what was not declared is not there", async () => {
  expect(await hook.run('return require("ms")')).toMatchObject({
    status: "rejected",
    error: { message: expect.stringMatching(/^Cannot find module 'ms': Add "dependencies"/) },
  })
})
