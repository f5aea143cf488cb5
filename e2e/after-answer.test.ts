import { describe, expect, vi } from "vitest"
import { ownService, testWithService } from "./service-test.ts"

const POLL = { timeout: 20_000, interval: 100 }

const test = testWithService()

describe("a synchronous hook that works on after its answer", () => {
  test("holds nobody up, and its attempt says when it ended", { timeout: 60_000 }, async ({
    service: { api },
  }) => {
    await api.createHook(
      "credentials-exchange",
      `setTimeout(() => console.log("done"), 3_000); cb(null, { scope: [] })`,
    )
    const { status, body } = await api.fire("credentials-exchange")
    expect({ status, body }).toMatchObject({ status: 200, body: { status: "succeeded" } })
    const early = await vi.waitFor(() => api.execution(body.executionId), POLL)
    expect(early).toMatchObject({
      status: "succeeded",
      attempts: [{ logs: [], afterAnswer: { ms: null, cut: [], error: null } }],
    })
    await vi.waitFor(async () => {
      expect(await api.execution(body.executionId)).toMatchObject({
        status: "succeeded",
        attempts: [
          { logs: [{ message: "done" }], afterAnswer: { ms: expect.any(Number), cut: [], error: null } },
        ],
      })
    }, POLL)
  })
})

test("an answered call stays in the history when its worker is killed before the end of the run", {
  timeout: 60_000,
}, async () => {
  const { api, workers } = await ownService()
  await api.createHook("credentials-exchange", "setTimeout(() => {}, 60_000); cb(null, { scope: [] })")
  const { body } = await api.fire("credentials-exchange")
  expect(body).toMatchObject({ status: "succeeded" })
  workers[0]?.kill()
  await vi.waitFor(async () => {
    expect(await api.execution(body.executionId)).toMatchObject({
      status: "succeeded",
      attempts: [{ failure: null, afterAnswer: { ms: null } }],
    })
  }, POLL)
})

test("an asynchronous hook has succeeded when its work is done", { timeout: 60_000 }, async ({
  service: { api },
}) => {
  await api.createHook("post-user-registration", `setTimeout(() => console.log("done"), 2_000); cb()`)
  const id = await api.accept("post-user-registration")
  const { attempts } = await api.reached(id, "succeeded", 40_000)
  expect(attempts).toMatchObject([{ logs: [{ message: "done" }], afterAnswer: { cut: [] } }])
})

test("an asynchronous hook whose work fails after its answer is tried again", { timeout: 60_000 }, async ({
  service: { api },
}) => {
  await api.createHook(
    "post-change-password",
    `setTimeout(() => { if (context.webtask.attempt === 1) throw new TypeError("later") }, 50); cb()`,
  )
  const id = await api.accept("post-change-password")
  const { attempts } = await api.reached(id, "succeeded", 40_000)
  expect(attempts).toMatchObject([{ failure: "threw", error: { message: "later" } }, { failure: null }])
})
