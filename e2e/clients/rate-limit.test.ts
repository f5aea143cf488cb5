import { describe, expect, vi } from "vitest"
import { newClient, openSdk, testWithGateway } from "./gateway-test.ts"
import { errorOf, SDKS } from "./sdks.ts"

const BURST = 5
const AT_ONCE = 8
const PATIENCE = { timeout: 60_000, interval: 1 }

const test = testWithGateway({ settings: { HOOKLANE_RATE_LIMIT_BURST: String(BURST) } })

/** No second try, in the words of each interface. */
const TRY_ONCE = { retry: { enabled: false }, maxRetries: 0 }

describe.each(SDKS)("$package", (sdkPackage) => {
  test("waits and tries again when it is told to slow down", async ({ service, front }) => {
    const sdk = openSdk(sdkPackage, { front, ...(await newClient(service, ["read:hooks"])) })
    // On a busy machine the first ones may come slowly enough to pass.
    await vi.waitFor(async () => {
      front.requests.length = 0
      const lists = await Promise.all(Array.from({ length: AT_ONCE }, () => sdk.list()))
      expect(lists).toHaveLength(AT_ONCE)
      expect(front.requests.filter((request) => request.startsWith("GET ")).length).toBeGreaterThan(AT_ONCE)
    }, PATIENCE)
  })

  test("reports the limit when it may not try again", async ({ service, front }) => {
    const credentials = await newClient(service, ["read:hooks"])
    const sdk = openSdk(sdkPackage, { front, ...credentials, ...TRY_ONCE })
    const lists = await Promise.allSettled(Array.from({ length: 6 * BURST }, () => sdk.list()))
    const refused = lists.find((list) => list.status === "rejected")
    expect(refused?.reason).toMatchObject(
      errorOf(sdkPackage.driver, {
        statusCode: 429,
        error: "Too Many Requests",
        message: "Global limit has been reached",
        errorCode: "too_many_requests",
      }),
    )
  })
})
