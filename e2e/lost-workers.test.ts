import { expect } from "vitest"
import { testWithService } from "./service-test.ts"

const SYNC_TIMEOUT_MS = 10_000

const test = testWithService({
  workers: 2,
  // One job per lane and worker: two jobs are in two workers.
  settings: {
    HOOKLANE_LANE_CONCURRENCY: "1",
    HOOKLANE_ASYNC_CONCURRENCY: "1",
    HOOKLANE_SYNC_TIMEOUT_MS: String(SYNC_TIMEOUT_MS),
  },
})

test("two workers share the load", async ({ service: { api } }) => {
  await api.createHook("credentials-exchange", "setTimeout(cb, 50, null, {})")
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.fire("credentials-exchange")))
  const executions = await Promise.all(answers.map(({ body }) => api.reached(body.executionId, "succeeded")))
  expect(new Set(executions.map(({ attempts }) => attempts[0]?.workerId)).size).toBe(2)
})

test("a killed worker's caller is told, its asynchronous job runs again, and nobody else notices", {
  timeout: 30_000,
}, async ({ service: { api, workers } }) => {
  await api.createHook("credentials-exchange", "setTimeout(cb, 1_000, null, { scope: [] })")
  await api.createHook(
    "post-user-registration",
    "context.webtask.attempt === 1 ? setTimeout(cb, 4_000) : cb()",
  )
  const ids = await Promise.all([api.accept("post-user-registration"), api.accept("post-user-registration")])
  const calls = Promise.all([api.fire("credentials-exchange"), api.fire("credentials-exchange")])
  await expect.poll(() => api.get("/v1/queues/post-user-registration")).toMatchObject({ active: 2 })
  await expect.poll(() => api.get("/v1/queues/credentials-exchange")).toMatchObject({ active: 2 })
  workers[0]?.kill()

  const [answered, told] = (await calls).toSorted((a, b) => a.status - b.status)
  expect(answered).toMatchObject({ status: 200, body: { status: "succeeded" } })
  expect(told).toMatchObject({ status: 502, body: { errorCode: "worker_lost" } })
  expect(await api.reached(told?.body.executionId ?? "", "failed")).toMatchObject({
    failure: "worker_lost",
    attempts: [{ attempt: 1, failure: "worker_lost" }],
  })

  const executions = await Promise.all(ids.map((id) => api.reached(id, "succeeded", 20_000)))
  const attempts = executions.map((one) => one.attempts.map(({ attempt, failure }) => ({ attempt, failure })))
  expect(attempts.toSorted((a, b) => a.length - b.length)).toEqual([
    [{ attempt: 1, failure: null }],
    [
      { attempt: 1, failure: "worker_lost" },
      { attempt: 2, failure: null },
    ],
  ])
})

test("a caller is answered within a second after its deadline when the last worker is killed", async ({
  service,
}) => {
  const { api, workers } = service
  await api.createHook("credentials-exchange", "setTimeout(cb, 60_000)")
  const firedAt = Date.now()
  const call = api.fire("credentials-exchange")
  await expect.poll(() => api.get("/v1/queues/credentials-exchange")).toMatchObject({ active: 1 })
  for (const worker of workers) worker.kill()
  expect(await call).toMatchObject({ status: 504, body: { errorCode: "hook_timed_out" } })
  expect(Date.now() - firedAt).toBeGreaterThanOrEqual(SYNC_TIMEOUT_MS)
  expect(Date.now() - firedAt).toBeLessThan(SYNC_TIMEOUT_MS + 1_000)

  await service.startWorker()
  await api.createHook("credentials-exchange", "cb(null, { scope: [] })")
  expect((await api.fire("credentials-exchange")).body).toMatchObject({ status: "succeeded" })
})
