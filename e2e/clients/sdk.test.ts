import { describe, expect } from "vitest"
import { login } from "../api.ts"
import { newClient, openSdk, testWithGateway } from "./gateway-test.ts"
import { errorOf, SDKS } from "./sdks.ts"

const test = testWithGateway()

const SCRIPT = "module.exports = function (user, context, cb) { cb() }"
const NEW_HOOK = { name: "my-hook", script: SCRIPT, triggerId: "post-change-password" } as const
const MASK = "_VALUE_NOT_SHOWN_"

describe.each(SDKS)("$package", (sdkPackage) => {
  const { driver, tokenRequestType } = sdkPackage

  test("takes a hook through its life with one token", async ({ front, credentials }) => {
    const sdk = openSdk(sdkPackage, { front, ...credentials })

    const hook = await sdk.create({ ...NEW_HOOK, name: "My Hook1" })
    expect(hook).toEqual({
      id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      name: "my-hook-1",
      script: SCRIPT,
      dependencies: {},
      triggerId: "post-change-password",
      enabled: false,
    })
    expect(await sdk.get(hook.id)).toEqual(hook)

    const changes = { name: "renamed", script: "// 2", dependencies: { lodash: "4.17.21" }, enabled: true }
    expect(await sdk.update(hook.id, changes)).toEqual({ ...hook, ...changes })
    expect(await sdk.update(hook.id, { enabled: false, dependencies: {} })).toEqual({
      ...hook,
      name: "renamed",
      script: "// 2",
    })

    await sdk.delete(hook.id)
    expect((await sdk.list()).hooks).toEqual([])
    expect(front.requests.filter((request) => request === "POST /oauth/token")).toHaveLength(1)
    expect([...front.tokenRequestTypes]).toEqual([tokenRequestType])
  })

  test("keeps secrets and never shows them", async ({ front, credentials }) => {
    const sdk = openSdk(sdkPackage, { front, ...credentials })
    const { id } = await sdk.create(NEW_HOOK)
    expect(await sdk.getSecrets(id)).toEqual({})
    await sdk.addSecrets(id, { ONE: "1", TWO: "2" })
    await sdk.addSecrets(id, { THREE: "3" })
    await sdk.updateSecrets(id, { ONE: "changed" })
    expect(await sdk.getSecrets(id)).toEqual({ ONE: MASK, TWO: MASK, THREE: MASK })
    await sdk.removeSecrets(id, ["ONE", "TWO"])
    expect(await sdk.getSecrets(id)).toEqual({ THREE: MASK })
  })

  test("reads every page and stops behind the last one", async ({ front, credentials }) => {
    const sdk = openSdk(sdkPackage, { front, ...credentials })
    const names = ["one", "two", "three", "four", "five"]
    for (const name of names) await sdk.create({ ...NEW_HOOK, name })
    front.requests.length = 0

    const pages = await sdk.listAll({ per_page: 2 })
    expect(pages.map(({ name }) => name)).toEqual(names)
    expect(await sdk.listAll()).toEqual(pages)
    // Three pages and an empty one, then one page and an empty one.
    expect(front.requests.length).toBeLessThanOrEqual(6)
    expect((await sdk.list({ per_page: 2, page: 7 })).hooks).toEqual([])
  })

  test("reports what is refused as Auth0's API does", async ({ service, front, credentials }) => {
    const sdk = openSdk(sdkPackage, { front, ...credentials })
    const { id } = await sdk.create(NEW_HOOK)

    await expect(sdk.get("01ARZ3NDEKTSV4RRFFQ69G5FAV")).rejects.toMatchObject(
      errorOf(driver, {
        statusCode: 404,
        error: "Not Found",
        message: "Error: Hook does not exist",
        errorCode: "HookDoesNotExist",
      }),
    )
    await expect(sdk.create(NEW_HOOK)).rejects.toMatchObject(
      errorOf(driver, {
        statusCode: 409,
        error: "Conflict",
        message: "Hook with the same name already exists.",
        errorCode: "HookAlreadyExists",
      }),
    )
    await expect(sdk.update(id, { triggerId: "send-phone-message" })).rejects.toMatchObject(
      errorOf(driver, {
        statusCode: 400,
        error: "Bad Request",
        message: "Payload validation error: 'Additional properties not allowed: triggerId'.",
        errorCode: "invalid_body",
      }),
    )
    await expect(sdk.updateSecrets(id, { UNKNOWN: "1" })).rejects.toMatchObject({ statusCode: 404 })

    const reader = openSdk(sdkPackage, { front, ...(await newClient(service, ["read:hooks"])) })
    await expect(reader.delete(id)).rejects.toMatchObject(
      errorOf(driver, {
        statusCode: 403,
        error: "Forbidden",
        message: "Insufficient scope, expected any of: delete:hooks",
        errorCode: "insufficient_scope",
      }),
    )
  })
})

// The pages of 5.0 hold no more than the hooks.
const SDKS_WITH_TOTALS = SDKS.filter((sdkPackage) => sdkPackage.package !== "auth0-5.0")

test.for(SDKS_WITH_TOTALS)(
  "$package gets the total of a list",
  async (sdkPackage, { front, credentials }) => {
    const sdk = openSdk(sdkPackage, { front, ...credentials })
    for (const name of ["one", "two", "three"]) await sdk.create({ ...NEW_HOOK, name })
    const page = await sdk.list({ per_page: 1, page: 1, triggerId: "post-change-password" })
    expect(page).toMatchObject({ total: 3, start: 1, limit: 1, hooks: [{ name: "two" }] })
  },
)

test("the hooks client of auth0-7 needs no TLS", async ({ service, front, credentials }) => {
  const { url } = service.api
  const token = await login(url, credentials.clientId, credentials.clientSecret)
  const hooksOnly = { package: "auth0-7/hooks", driver: "auth0-5" } as const
  const sdk = openSdk(hooksOnly, { front, baseUrl: `${url}/api/v2`, token })

  const { id } = await sdk.create(NEW_HOOK)
  await sdk.addSecrets(id, { ONE: "1" })
  expect(await sdk.getSecrets(id)).toEqual({ ONE: MASK })
  expect(await sdk.update(id, { enabled: true })).toMatchObject({ id, enabled: true })
  expect(await sdk.listAll({ per_page: 1 })).toMatchObject([{ id }])
  await sdk.delete(id)
  await expect(sdk.get(id)).rejects.toMatchObject({ className: "NotFoundError", statusCode: 404 })
  expect(front.requests).toEqual([])
})
