import { readFile } from "node:fs/promises"
import { TRIGGER_IDS, TRIGGERS } from "@hooklane/core"
import { describe, expect } from "vitest"
import { credentialsFile } from "../scripts/launcher/credentials.ts"
import type { Api } from "./api.ts"
import type { Service } from "./service.ts"
import { ownService, testWithService } from "./service-test.ts"

const test = testWithService()

test("readiness needs a worker, liveness does not", async () => {
  const service = await ownService({ workers: 0 })
  const { api } = service
  expect(await api.send("GET", "/healthz", { token: "" })).toMatchObject({
    status: 200,
    body: { status: "ok" },
  })
  expect(await api.send("GET", "/readyz", { token: "" })).toMatchObject({
    status: 503,
    body: { errorCode: "no_worker" },
  })
  await service.startWorker()
  expect(await api.send("GET", "/readyz", { token: "" })).toMatchObject({
    status: 200,
    body: { status: "ready", workers: 1 },
  })
})

test("the workers that are there are listed", async ({ service: { api, workers } }) => {
  expect(await api.get("/v1/workers")).toEqual([
    {
      id: expect.stringMatching(/^wrk_/),
      host: expect.any(String),
      pid: workers[0]?.pid,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      threads: 2,
      version: expect.any(String),
      lanes: TRIGGER_IDS,
      wall: { wall: expect.stringMatching(/^(process|user|kernel)$/), by: expect.any(String) },
    },
  ])
})

test("a paused lane holds its jobs, counts them, and runs them when it is resumed", async ({
  service: { api },
}) => {
  const lane = "/v1/queues/post-user-registration"
  await api.createHook("post-user-registration", "cb()")
  expect(await api.get("/v1/queues")).toMatchObject(
    TRIGGER_IDS.map((triggerId) => ({ triggerId, mode: TRIGGERS[triggerId].mode, isPaused: false })),
  )
  expect((await api.send("POST", `${lane}/pause`)).body).toMatchObject({ isPaused: true, waiting: 0 })
  const ids = await Promise.all([1, 2, 3].map(() => api.accept("post-user-registration")))
  await expect
    .poll(() => api.get<{ oldestWaitingMs: number }>(lane))
    .toMatchObject({ waiting: 3, active: 0, oldestWaitingMs: expect.toSatisfy((age: number) => age > 20) })
  expect(await api.execution(ids[0] ?? "")).toMatchObject({ status: "queued" })

  expect((await api.send("POST", `${lane}/resume`)).body).toMatchObject({ isPaused: false })
  for (const id of ids) await api.reached(id, "succeeded")
  await expect.poll(() => api.get(lane)).toMatchObject({ waiting: 0, active: 0, oldestWaitingMs: 0 })
})

test("the metrics move with what happens", async ({ service: { api } }) => {
  await api.createHook("credentials-exchange", "scope ? cb(null, {}) : cb(new Error('no'))")
  const succeeded = `hooklane_executions_total{trigger="credentials-exchange",status="succeeded",failure=""}`
  const rejected = `hooklane_executions_total{trigger="credentials-exchange",status="failed",failure="rejected"}`
  const runs = `hooklane_run_seconds_count{trigger="credentials-exchange"}`
  const before = await metrics(api)
  expect(before).toMatchObject({ hooklane_workers: 1, hooklane_sync_in_flight: 0 })

  await Promise.all([1, 2].map(() => api.fire("credentials-exchange")))
  await api.fire("credentials-exchange", {
    body: { ...TRIGGERS["credentials-exchange"].sampleEvent, scope: null },
  })
  const moved = async () => {
    const after = await metrics(api)
    return [succeeded, rejected, runs].map((name) => (after[name] ?? 0) - (before[name] ?? 0))
  }
  await expect.poll(moved, { timeout: 5_000 }).toEqual([2, 1, 3])
})

test("the metrics tell of connections that hooks asked for", async ({ service: { api } }) => {
  const counted = `hooklane_outbound_calls_total{trigger="credentials-exchange",result="refused",reason="private_address"}`
  await api.createHook("credentials-exchange", 'fetch("http://127.0.0.1:8080/").catch(() => cb(null, {}))')
  await api.fire("credentials-exchange")
  await expect.poll(async () => (await metrics(api))[counted], { timeout: 5_000 }).toBe(1)
})

test("the metrics tell of jobs that wait", async ({ service: { api } }) => {
  await api.createHook("post-change-password", "cb()")
  await api.send("POST", "/v1/queues/post-change-password/pause")
  const id = await api.accept("post-change-password")
  const waiting = `hooklane_lane_jobs{trigger="post-change-password",state="waiting"}`
  expect(await metrics(api)).toMatchObject({ [waiting]: 1 })
  await api.send("POST", "/v1/queues/post-change-password/resume")
  await api.reached(id, "succeeded")
  expect(await metrics(api)).toMatchObject({ [waiting]: 0 })
})

describe("the queue dashboard", () => {
  test("is for management clients only", async ({ service }) => {
    const { api } = service
    const { id, secret } = await firstClient(service)
    for (const credentials of [undefined, `${id}:wrong`, `nobody:${secret}`]) {
      expect(await openBoard(api, credentials)).toMatchObject({ status: 401, body: { statusCode: 401 } })
    }
    const page = await openBoard(api, `${id}:${secret}`)
    expect(page.status).toBe(200)
    expect(page.body).toContain("<html")
  })

  test("shows a job without its event, and changes nothing", async ({ service }) => {
    const { api } = service
    const { id, secret } = await firstClient(service)
    const board = (method: string, path: string) => openBoard(api, `${id}:${secret}`, path, method)
    await api.createHook("post-user-registration", "}{")
    const dead = await api.accept("post-user-registration")
    await api.reached(dead, "dead_letter")

    const jobs = await board("GET", "/api/queues?activeQueue=post-user-registration&status=failed&page=1")
    const text = JSON.stringify(jobs.body)
    expect(text).toContain(`"executionId":"${dead}"`)
    expect(text).toContain(`"sealedEvent":"(encrypted)"`)
    const { status } = await board("PUT", `/api/queues/post-user-registration/${dead}/retry/failed`)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(await api.get("/v1/queues/post-user-registration")).toMatchObject({ failed: 1, waiting: 0 })
  })
})

test("the description of the API names every route of /v1 and refers to nothing that is missing", async ({
  service: { api },
}) => {
  const { status, body } = await api.send<OpenApi>("GET", "/openapi.json", { token: "" })
  expect(status).toBe(200)
  const routes = Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(routes.filter((route) => route.includes(" /v1/")).toSorted()).toEqual([
    "DELETE /v1/clients/{id}",
    "GET /v1/clients",
    "GET /v1/executions",
    "GET /v1/executions/{id}",
    "GET /v1/hooks/{id}/circuit",
    "GET /v1/hooks/{id}/versions",
    "GET /v1/hooks/{id}/versions/{number}",
    "GET /v1/queues",
    "GET /v1/queues/{triggerId}",
    "GET /v1/triggers",
    "GET /v1/workers",
    "POST /v1/clients",
    "POST /v1/clients/{id}/rotate-secret",
    "POST /v1/dead-letters/replay",
    "POST /v1/executions/{id}/cancel",
    "POST /v1/executions/{id}/replay",
    "POST /v1/hooks/{id}/versions/{number}/build",
    "POST /v1/queues/{triggerId}/drain",
    "POST /v1/queues/{triggerId}/pause",
    "POST /v1/queues/{triggerId}/resume",
    "POST /v1/triggers/{triggerId}/events",
  ])
  const references = JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)
  expect(Object.keys(body.components.schemas)).toEqual(
    expect.arrayContaining([...new Set([...references].map(([_whole, name]) => name))]),
  )
})

interface OpenApi {
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, unknown> }
}

/** The samples of `/metrics` by name and labels. */
async function metrics(api: Api): Promise<Record<string, number>> {
  const { body } = await api.send<string>("GET", "/metrics", { token: "" })
  const samples = body.split("\n").filter((line) => line && !line.startsWith("#"))
  return Object.fromEntries(
    samples.map((line) => line.split(/ (?=\S+$)/)).map(([name, value]) => [name, Number(value)]),
  )
}

function openBoard(api: Api, credentials: string | undefined, path = "", method = "GET") {
  const authorization = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`
  return api.send<unknown>(method, `/admin/queues${path}`, {
    token: "",
    ...(authorization && { headers: { authorization } }),
  })
}

async function firstClient({ dir }: Service): Promise<{ id: string; secret: string }> {
  const { clientId, clientSecret } = JSON.parse(await readFile(credentialsFile(dir), "utf8"))
  return { id: clientId, secret: clientSecret }
}
