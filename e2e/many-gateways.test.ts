import { test as base, describe, expect } from "vitest"
import { createPostgresDatabase, hasPostgres } from "../packages/storage/test/postgres-database.ts"
import { createApi, login, scriptOf } from "./api.ts"
import { startService } from "./service.ts"
import { printLogsOfFailure } from "./service-test.ts"

/** Two gateways and a worker on one PostgreSQL and one Redis. */
const test = base
  .extend("workers", { scope: "file" }, 1)
  .extend("databaseUrl", { scope: "file" }, async ({ workers: _ }, { onCleanup }) => {
    const { url, drop } = await createPostgresDatabase()
    onCleanup(drop)
    return url
  })
  .extend("service", { scope: "file" }, async ({ workers, databaseUrl }, { onCleanup }) => {
    const service = await startService({ workers, settings: { DATABASE_URL: databaseUrl } })
    onCleanup(service.stop)
    return service
  })
  .extend("gateways", { scope: "file" }, async ({ service }) => {
    const one = { api: service.api, process: service.gateway }
    await service.startGateway()
    return { one, other: { api: service.api, process: service.gateway } }
  })
  .extend("logsOfFailure", { auto: true }, ({ service }) => printLogsOfFailure(service))

const ROUNDS = 6
const triggerId = "credentials-exchange"

describe.runIf(hasPostgres)("two gateways on one PostgreSQL", () => {
  test("a hook changed at one answers at the other with the very next event", async ({ gateways }) => {
    const [a, b] = [gateways.one.api, gateways.other.api]
    const { id } = await a.createHook(triggerId, "cb(null, { scope: ['0'] })")
    for (let round = 1; round <= ROUNDS; round++) {
      const [here, there] = round % 2 ? [a, b] : [b, a]
      await here.patch(`/api/v2/hooks/${id}`, {
        script: scriptOf(triggerId, `cb(null, { scope: ['${round}'] })`),
      })
      expect((await there.fire(triggerId)).body).toMatchObject({ result: { scope: [`${round}`] } })
    }
    await a.send("DELETE", `/api/v2/hooks/${id}`)
    expect((await b.fire(triggerId)).body).toMatchObject({ status: "skipped" })
  }, 60_000)

  test("of two hooks that are enabled at once, at two gateways, one is", async ({ gateways }) => {
    const [a, b] = [gateways.one.api, gateways.other.api]
    const first = await a.createHook(triggerId, "cb(null, { scope: ['first'] })")
    const second = await b.createHook(triggerId, "cb(null, { scope: ['second'] })")
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        a.patch(`/api/v2/hooks/${first.id}`, { enabled: true }),
        b.patch(`/api/v2/hooks/${second.id}`, { enabled: true }),
      ])
      const enabled = await a.get<{ name: string }[]>(`/api/v2/hooks?enabled=true&triggerId=${triggerId}`)
      expect(enabled).toHaveLength(1)
      const results = await Promise.all([a, b].map(async (api) => (await api.fire(triggerId)).body.result))
      expect(results[0]).toEqual(results[1])
    }
  })

  test("a client that was revoked at one is out at the other within five seconds", async ({ gateways }) => {
    const [a, b] = [gateways.one.api, gateways.other.api]
    const { id, secret } = await a.post<{ id: string; secret: string }>("/v1/clients", {
      name: "CI",
      scopes: ["read:hooks"],
    })
    const client = createApi({ url: b.url, token: await login(b.url, id, secret) })
    expect((await client.send("GET", "/api/v2/hooks")).status).toBe(200)
    await a.send("DELETE", `/v1/clients/${id}`)
    const revokedAt = Date.now()
    await expect
      .poll(async () => (await client.send("GET", "/api/v2/hooks")).status, {
        timeout: 10_000,
        interval: 100,
      })
      .toBe(401)
    expect(Date.now() - revokedAt).toBeLessThan(6_000)
  })

  test("what one accepted ends, and is found, though it was killed", async ({ gateways }) => {
    const { one, other } = gateways
    await one.api.createHook("post-user-registration", "setTimeout(cb, 500)")
    const ids = await Promise.all(Array.from({ length: 20 }, () => one.api.accept("post-user-registration")))
    one.process.kill()
    await one.process.exited
    for (const id of ids) await other.api.reached(id, "succeeded")
  })
})
