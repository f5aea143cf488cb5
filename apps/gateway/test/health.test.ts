import { expect, test } from "vitest"
import { type GatewayPhase, type HealthDeps, healthRoutes } from "../src/routes/health.ts"

async function ask(path: string, changes: Partial<HealthDeps> = {}) {
  const routes = healthRoutes({
    pingRedis: async () => {},
    pingDatabase: async () => {},
    workerCount: async () => 2,
    phase: () => "running",
    metrics: { scrape: async () => "hooklane_workers 2\n", contentType: "text/plain" },
    ...changes,
  })
  routes.onError((error) => {
    throw error
  })
  const response = await routes.request(path)
  return response.text()
}

test("a gateway is ready when it runs and there are workers", async () => {
  expect(JSON.parse(await ask("/readyz"))).toEqual({ status: "ready", workers: 2 })
})

test.for<[GatewayPhase, string]>([
  ["starting", "starting"],
  ["stopping", "shutting_down"],
])("a gateway that is %s is not ready, and lives", async ([phase, code]) => {
  await expect(ask("/readyz", { phase: () => phase })).rejects.toMatchObject({ code })
  expect(JSON.parse(await ask("/healthz", { phase: () => phase }))).toEqual({ status: "ok" })
})

test("a gateway is not ready without workers, Redis or the database", async () => {
  const broken = () => Promise.reject(new Error("away"))
  await expect(ask("/readyz", { workerCount: async () => 0 })).rejects.toMatchObject({ code: "no_worker" })
  await expect(ask("/readyz", { pingRedis: broken })).rejects.toThrow("away")
  await expect(ask("/readyz", { pingDatabase: broken })).rejects.toThrow("away")
})
