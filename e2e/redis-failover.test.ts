import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Api } from "./api.ts"
import { findBinary, startCluster, startSentinels } from "./redis-groups.ts"
import { ownService } from "./service-test.ts"

const SYNC_TIMEOUT_MS = 2_000
const ANSWERED_WITHIN_MS = SYNC_TIMEOUT_MS + 1_000
const BACK_WITHIN = { timeout: 20_000, interval: 100 }

const binary = await findBinary()

/** Calls of a synchronous hook, one after the other, until one succeeds; how long each took, and all of them. */
async function callUntilServed(api: Api) {
  const startedAt = Date.now()
  const took: number[] = []
  for (;;) {
    const calledAt = Date.now()
    const { status, body } = await api.fire("credentials-exchange")
    took.push(Date.now() - calledAt)
    if (status === 200) return { took, outageMs: Date.now() - startedAt }
    expect(body.errorCode).toMatch(/^(redis_unavailable|hook_timed_out|no_worker|overloaded|worker_lost)$/)
    if (Date.now() - startedAt > BACK_WITHIN.timeout)
      throw new Error(`It is not back: ${JSON.stringify(body)}`)
    await sleep(50)
  }
}

describe.runIf(binary)("when the master of Redis dies", () => {
  test.for([
    ["sentinels", startSentinels],
    ["a cluster", startCluster],
  ] as const)(
    "behind %s, what was accepted and replicated runs, and every call is answered in time",
    { timeout: 120_000 },
    async ([name, startGroup]) => {
      if (!binary) return
      const dir = await mkdtemp(join(tmpdir(), "hooklane-redis-"))
      onTestFinished(() => rm(dir, { recursive: true, force: true }))
      const group = await startGroup(binary, dir)
      onTestFinished(() => group.stop())
      const retries = { "post-user-registration": { attempts: 20, firstDelayMs: 200, maxDelayMs: 200 } }
      const { api, ...service } = await ownService({
        settings: {
          HOOKLANE_SYNC_TIMEOUT_MS: String(SYNC_TIMEOUT_MS),
          HOOKLANE_RETRIES: JSON.stringify(retries),
        },
        route: () => group.url,
      })
      await api.createHook("credentials-exchange", "cb(null, { scope: ['served'] })")
      await api.createHook("post-user-registration", "cb()")
      expect(await api.fire("credentials-exchange")).toMatchObject({ status: 200 })
      await api.reached(await api.accept("post-user-registration"), "succeeded")
      await api.send("POST", "/v1/queues/post-user-registration/pause")
      const waiting = await Promise.all(
        Array.from({ length: 20 }, () => api.accept("post-user-registration")),
      )
      await group.replicated()

      await group.killMaster()
      const { took, outageMs } = await callUntilServed(api)
      process.stdout.write(`Behind ${name} calls were served again ${outageMs} ms after the master's death\n`)
      expect(Math.max(...took)).toBeLessThan(ANSWERED_WITHIN_MS)
      await expect
        .poll(() => api.send("POST", "/v1/queues/post-user-registration/resume"), BACK_WITHIN)
        .toMatchObject({ status: 200 })
      for (const id of waiting) expect((await api.reached(id, "succeeded")).attempts).toHaveLength(1)
      await api.reached(await api.accept("post-user-registration"), "succeeded")
      expect(service.logs()).not.toContain("CROSSSLOT")
    },
  )
})
