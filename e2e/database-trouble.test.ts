import { execFileSync } from "node:child_process"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import Database from "better-sqlite3"
import { expect, inject, onTestFinished, test } from "vitest"
import { startPostgres } from "../scripts/postgres.ts"
import type { Api } from "./api.ts"
import { ownService } from "./service-test.ts"

/** A gateway asks its database every 5 s whether a client is still one: after that, calls meet what is wrong. */
const KNOWN_FOR_MS = 5_100

const GREETING = "cb(null, { scope: ['answered'] })"

/** Answers of calls one after the other, with the longest time that one took, while `/healthz` is asked too. */
async function callFor(api: Api, ms: number) {
  const until = Date.now() + ms
  const results = new Set<string>()
  let slowestMs = 0
  while (Date.now() < until) {
    const startedAt = Date.now()
    const [{ status, body }, health] = await Promise.all([
      api.fire("credentials-exchange"),
      api.send("GET", "/healthz"),
    ])
    results.add(`${status} ${JSON.stringify(body.result)} ${health.status}`)
    slowestMs = Math.max(slowestMs, Date.now() - startedAt)
    await delay(50)
  }
  return { results: [...results], slowestMs }
}

test("a SQLite file that another process has locked holds up no call, and a save is refused in time", {
  timeout: 60_000,
}, async () => {
  const { api, dir } = await ownService()
  await api.createHook("credentials-exchange", GREETING)
  await api.fire("credentials-exchange")
  const other = new Database(join(dir, "hooklane.db"))
  onTestFinished(() => void other.close())
  other.exec("begin exclusive")
  const saved = api.send("POST", "/api/v2/hooks", {
    body: { name: "late", triggerId: "send-phone-message", script: "module.exports = () => {}" },
  })
  const { results, slowestMs } = await callFor(api, 6_500)
  expect(results).toEqual(['200 {"scope":["answered"]} 200'])
  // SQLite's own waiting held the whole process for 5 s at a time.
  expect(slowestMs).toBeLessThan(4_000)
  expect(await saved).toMatchObject({ status: 503, body: { errorCode: "database_unavailable" } })
  expect(await api.send("GET", "/readyz")).toMatchObject({ status: 503 })
  other.exec("rollback")
  await expect.poll(() => api.send("GET", "/readyz"), { timeout: 10_000 }).toMatchObject({ status: 200 })
})

test("a SQLite file that was deleted is told of, and its hooks are missed at the next start", {
  timeout: 60_000,
}, async () => {
  const service = await ownService()
  await service.api.createHook("credentials-exchange", GREETING)
  for (const end of ["", "-wal", "-shm"]) await rm(join(service.dir, `hooklane.db${end}`), { force: true })
  await expect
    .poll(() => service.api.send("GET", "/readyz"), { timeout: 10_000 })
    .toMatchObject({
      status: 503,
      body: { message: expect.stringContaining("was removed while it was open") },
    })
  await expect.poll(() => service.logs()).toContain("the database cannot be written")

  service.gateway.terminate()
  await service.gateway.exited
  await service.startGateway()
  const missing = { status: 503, body: { errorCode: "hooks_missing" } }
  expect(await service.api.fire("credentials-exchange")).toMatchObject(missing)
  expect(await service.api.fire("post-user-registration")).toMatchObject(missing)
  expect(await service.api.send("GET", "/readyz")).toMatchObject(missing)
  await service.api.createHook("credentials-exchange", GREETING)
  expect(await service.api.fire("credentials-exchange")).toMatchObject({ status: 200 })
})

test.runIf("url" in inject("postgres") && process.platform === "linux")(
  "a PostgreSQL that is frozen holds up no call, and the Management API says so in time",
  { timeout: 90_000 },
  async () => {
    const postgres = await startPostgres()
    onTestFinished(postgres.close)
    const { api } = await ownService({ settings: { DATABASE_URL: postgres.url } })
    await api.createHook("credentials-exchange", GREETING)
    await api.fire("credentials-exchange")
    const frozen = [postgres.pid, ...childrenOf(postgres.pid)]
    const signal = (name: NodeJS.Signals) => {
      for (const pid of frozen) process.kill(pid, name)
    }
    signal("SIGSTOP")
    try {
      await delay(KNOWN_FOR_MS)
      const { results, slowestMs } = await callFor(api, 3_000)
      expect(results).toEqual(['200 {"scope":["answered"]} 200'])
      expect(slowestMs).toBeLessThan(4_000)
      const startedAt = Date.now()
      expect(await api.send("GET", "/api/v2/hooks")).toMatchObject({
        status: 503,
        body: { errorCode: "database_unavailable" },
      })
      expect(Date.now() - startedAt).toBeLessThan(18_000)
    } finally {
      signal("SIGCONT")
    }
    await expect
      .poll(() => api.send("GET", "/api/v2/hooks"), { timeout: 20_000 })
      .toMatchObject({ status: 200 })
  },
)

function childrenOf(pid: number): number[] {
  const children = execFileSync("ps", ["--ppid", String(pid), "-o", "pid="], { encoding: "utf8" })
  return children.trim().split(/\s+/).map(Number)
}
