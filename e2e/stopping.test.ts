import { expect } from "vitest"
import { hookProcesses } from "./service.ts"
import { testWithService } from "./service-test.ts"

const test = testWithService()

const BUSY = { timeout: 20_000 }
const CLEAN_END = { code: 0, signal: null }

test("a worker that is told to stop ends what it has in hand and takes nothing more", async ({ service }) => {
  const { api, workers } = service
  const worker = workers[0]
  await api.createHook("credentials-exchange", "setTimeout(cb, 3_000, null, { scope: ['in time'] })")
  await api.createHook("post-user-registration", "setTimeout(cb, 1_000)")
  const call = api.fire("credentials-exchange")
  const inHand = await api.accept("post-user-registration")
  await expect.poll(() => api.get("/v1/queues/credentials-exchange"), BUSY).toMatchObject({ active: 1 })
  await api.reached(inHand, "running")
  expect(await hookProcesses(service)).not.toEqual([])

  worker?.terminate()
  // First it is not counted any more, so that no call waits for it; until then and a moment longer it takes jobs.
  await expect.poll(() => api.get("/v1/workers"), BUSY).toEqual([])
  await expect.poll(() => worker?.output(), BUSY).toContain("worker takes no more jobs")
  const next = await api.accept("post-user-registration")
  expect((await call).body).toMatchObject({ status: "succeeded", result: { scope: ["in time"] } })
  expect((await api.reached(inHand, "succeeded")).attempts).toHaveLength(1)
  expect(await worker?.exited).toEqual(CLEAN_END)
  expect(await hookProcesses(service)).toEqual([])
  expect(await api.execution(next)).toMatchObject({ status: "queued" })
  expect(await api.fire("credentials-exchange")).toMatchObject({
    status: 503,
    body: { errorCode: "no_worker" },
  })
  const { body: metrics } = await api.send<string>("GET", "/metrics", { token: "" })
  expect(metrics).toContain('hooklane_refused_total{trigger="credentials-exchange",reason="no_worker"} 1')

  await service.startWorker()
  await api.reached(next, "succeeded")
})

test("a gateway that is told to stop answers the calls under way and takes no more", async ({ service }) => {
  const { api, gateway } = service
  await api.createHook("credentials-exchange", "setTimeout(cb, 3_000, null, { scope: ['in time'] })")
  const call = api.fire("credentials-exchange")
  await expect.poll(() => api.get("/v1/queues/credentials-exchange"), BUSY).toMatchObject({ active: 1 })
  gateway.terminate()
  await expect.poll(() => api.send("GET", "/healthz").catch(() => "refused"), BUSY).toBe("refused")
  expect((await call).body).toMatchObject({ status: "succeeded", result: { scope: ["in time"] } })
  expect(await gateway.exited).toEqual(CLEAN_END)
  await service.startGateway()
})

test("a second gateway on the same data goes on where a killed one was", async ({ service }) => {
  const { api: before, gateway } = service
  await before.createHook("credentials-exchange", "setTimeout(cb, 500, null, { scope: [] })")
  const secrets = { KEY: "value" }
  const hook = await before.createHook("post-user-registration", "setTimeout(cb, 500)", { secrets })
  const call = before.fire("credentials-exchange").catch(() => "cut off")
  const id = await before.accept("post-user-registration")
  await before.reached(id, "running")
  gateway.kill()
  expect(await call).toBe("cut off")

  await service.startGateway()
  const { api } = service
  await api.reached(id, "succeeded")
  expect(await api.get(`/api/v2/hooks/${hook.id}/secrets`)).toEqual({ KEY: "_VALUE_NOT_SHOWN_" })
  expect(await api.send("GET", "/api/v2/hooks", { token: before.token })).toMatchObject({ status: 200 })
  expect((await api.fire("credentials-exchange")).body).toMatchObject({ status: "succeeded" })
})

test("a service whose Redis is away stops in seconds, with work in hand, and leaves no process", {
  timeout: 60_000,
}, async ({ service }) => {
  const { api, gateway, redis, workers } = service
  await api.createHook("post-user-registration", "setTimeout(cb, 15_000)")
  await api.reached(await api.accept("post-user-registration"), "running")
  await redis.stop()
  const startedAt = Date.now()
  for (const app of [gateway, ...workers]) app.terminate()
  const ends = await Promise.all([gateway, ...workers].map((app) => app.exited))
  expect(ends).toEqual(ends.map(() => CLEAN_END))
  // It was HOOKLANE_DRAIN_MS and 5 s more.
  expect(Date.now() - startedAt).toBeLessThan(12_000)
  expect(await hookProcesses(service)).toEqual([])
})
