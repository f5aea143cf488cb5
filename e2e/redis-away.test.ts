import { expect } from "vitest"
import { scriptOf } from "./api.ts"
import { testWithService } from "./service-test.ts"

const retries = { "post-user-registration": { attempts: 20, firstDelayMs: 200, maxDelayMs: 200 } }

const test = testWithService({ settings: { HOOKLANE_RETRIES: JSON.stringify(retries) } })

const REFUSED_WITHIN_MS = 3_000
const BACK_WITHIN = { timeout: 10_000, interval: 100 }

const answering = (text: string) => `cb(null, { scope: ["${text}"] })`

test("what was accepted before a restart of Redis runs after it", async ({ service: { api, redis } }) => {
  const until = Date.now() + 1_500
  await api.createHook("post-change-password", "cb()")
  await api.createHook("post-user-registration", `cb(Date.now() < ${until} ? new Error("busy") : null)`)
  await api.send("POST", "/v1/queues/post-change-password/pause")
  const waiting = await Promise.all(Array.from({ length: 20 }, () => api.accept("post-change-password")))
  const retrying = await api.accept("post-user-registration")
  await api.reached(retrying, "retrying")

  await redis.stop()
  await redis.start()

  await expect
    .poll(() => api.send("POST", "/v1/queues/post-change-password/resume"), BACK_WITHIN)
    .toMatchObject({ status: 200, body: { isPaused: false } })
  for (const id of [...waiting, retrying]) await api.reached(id, "succeeded")
})

test("while Redis is away calls are refused soon, and all goes on by itself when it is back", async ({
  service: { api, redis },
}) => {
  const hook = await api.createHook("credentials-exchange", answering("before"))
  await api.createHook("post-user-registration", "cb()")
  await api.fire("credentials-exchange")
  await redis.stop()

  const stoppedAt = Date.now()
  const refusal = { status: 503, body: { errorCode: "redis_unavailable" } }
  const [sync, async, readiness, health] = await Promise.all([
    api.fire("credentials-exchange"),
    api.fire("post-user-registration"),
    api.send("GET", "/readyz"),
    api.send("GET", "/healthz"),
  ])
  expect([sync, async, readiness]).toMatchObject([refusal, refusal, refusal])
  expect(health.status).toBe(200)
  expect(Date.now() - stoppedAt).toBeLessThan(REFUSED_WITHIN_MS)
  await api.patch(`/api/v2/hooks/${hook.id}`, {
    script: scriptOf("credentials-exchange", answering("after")),
  })

  await redis.start()
  await expect
    .poll(() => api.fire("credentials-exchange"), BACK_WITHIN)
    .toMatchObject({ status: 200, body: { result: { scope: ["after"] } } })
  await expect.poll(() => api.send("GET", "/readyz"), BACK_WITHIN).toMatchObject({ status: 200 })
  await api.reached(await api.accept("post-user-registration"), "succeeded")
})

test("hooks run and the history is written though Redis came back empty", async ({
  service: { api, redis },
}) => {
  // Neither ran before: a worker that knows a version does not ask for it again.
  await api.createHook("credentials-exchange", answering("still here"))
  await api.createHook("post-user-registration", "cb()")
  await redis.stop()
  await redis.wipe()
  await redis.start()

  await expect
    .poll(() => api.fire("credentials-exchange"), BACK_WITHIN)
    .toMatchObject({ status: 200, body: { result: { scope: ["still here"] } } })
  const { body } = await api.fire("credentials-exchange")
  await api.reached(body.executionId, "succeeded")
  expect(await api.reached(await api.accept("post-user-registration"), "succeeded")).toMatchObject({
    attempts: [{ attempt: 1 }],
  })
})
