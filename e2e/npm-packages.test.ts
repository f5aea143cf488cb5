import { createHmac, randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildEnv, openBundler } from "@hooklane/bundler"
import { packageRequestOf, TRIGGERS } from "@hooklane/core"
import { type Executors, startExecutors } from "@hooklane/executor"
import { afterAll, beforeAll, expect, test } from "vitest"

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

const REQUIRES = 'require("ms@2.1.3"); require("lodash/fp"); require("uuid@8.3.2")'

let dir: string
let executors: Executors
let bundle: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "hooklane-packages-"))
  executors = await startExecutors({
    threads: 2,
    maxResultBytes: 262_144,
    maxLogBytes: 65_536,
    log: { warn: () => {} },
  })
  const bundler = await openBundler({ dir, env: buildEnv(process.env) })
  const script = REQUIRES
  const request = packageRequestOf({ dependencies: DEPENDENCIES, script }) ?? {
    dependencies: {},
    specifiers: [],
  }
  const input = { ...request, script, findBundle: async () => undefined }
  const built = await bundler.build(input, new AbortController().signal)
  if (built.status !== "built") throw new Error(`The packages were not built: ${built.log}`)
  bundle = built.code ?? ""
}, 90_000)

afterAll(async () => {
  await executors.close()
  await rm(dir, { recursive: true, force: true })
})

/** What a hook calls back with that has all the packages and this body. */
async function run(body: string): Promise<unknown> {
  const triggerId = "credentials-exchange"
  const script = `module.exports = async (client, scope, audience, context) => { ${body} }`
  const { outcome } = await executors.run(
    {
      snapshot: { versionId: randomUUID(), hookId: "hook", triggerId, script, dependencies: DEPENDENCIES },
      bundle,
      secrets: {},
      event: JSON.stringify(TRIGGERS[triggerId].sampleEvent),
      executionId: "exe_1",
      attempt: 1,
      limits: { timeoutMs: 10_000, heapMb: 64 },
    },
    new AbortController().signal,
  )
  return outcome.status === "returned" ? outcome.value : outcome
}

test("lodash works, with a path below it and with templates, which make code", async () => {
  const body = `
    const _ = require("lodash"), fp = require("lodash/fp")
    return [_.chunk([1, 2, 3], 2), fp.map((n) => n + 1)([1]), _.template("Hi <%= name %>")({ name: "Ann" })]`
  expect(await run(body)).toEqual([[[1, 2], [3]], [2], "Hi Ann"])
})

test("uuid works, in a declared version and beside it in one that the script asks for", async () => {
  const [declared, asked] = Object(await run('return [require("uuid").v7(), require("uuid@8.3.2").v4()]'))
  expect(declared).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(asked).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
})

test("jsonwebtoken signs what others verify, and verifies it", async () => {
  const body = `
    const jwt = require("jsonwebtoken")
    const token = jwt.sign({ sub: "auth0|1" }, "shh", { noTimestamp: true })
    return [token, jwt.verify(token, "shh")]`
  const [token, verified] = Object(await run(body))
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
  expect(await run(body)).toEqual({ asked: "https://example.com/a?b=1" })
})

test("a package of modules only, one that can do without another, and small ones work", async () => {
  const body = `
    const { nanoid } = require("nanoid"), ms = require("ms@2.1.3"), isNumber = require("is-number")
    return [nanoid(10).length, ms("2 days"), isNumber("5"), typeof require("debug")("x")]`
  expect(await run(body)).toEqual([10, 172_800_000, true, "function"])
})

test("what was not declared is not there", async () => {
  expect(await run('return require("ms")')).toMatchObject({
    status: "rejected",
    error: { message: "Cannot find module 'ms'" },
  })
})
