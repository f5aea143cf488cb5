import type { BuildStatus, TriggerId } from "@hooklane/core"
import { expect, onTestFinished, test, vi } from "vitest"
import { startRegistry } from "../packages/bundler/test/registry.ts"
import { type Api, scriptOf } from "./api.ts"
import { ownService } from "./service-test.ts"

// Each build starts npm twice, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 })
const PATIENCE = { timeout: 15_000, interval: 50 }

interface Version {
  buildStatus: BuildStatus
  buildLog: string
  resolved: Record<string, string>
}

async function serviceWithRegistry() {
  const packages = [
    { name: "answer", version: "1.0.0", files: { "index.js": "module.exports = 41" } },
    { name: "answer", version: "1.1.0", files: { "index.js": "module.exports = 42" } },
    { name: "hangs", version: "1.0.0", files: { "index.js": "module.exports = 43" } },
  ]
  const registry = await startRegistry(packages, "Bearer a-token")
  onTestFinished(registry.close)
  const settings = { HOOKLANE_NPM_REGISTRY: registry.url, HOOKLANE_NPM_TOKEN: "a-token" }
  return { registry, ...(await ownService({ settings })) }
}

function version(api: Api, id: string, number: number): Promise<Version> {
  return api.get(`/v1/hooks/${id}/versions/${number}`)
}

test("a hook's npm packages are there when its save is answered, and while the next ones are built", async () => {
  const { api, registry } = await serviceWithRegistry()
  const triggerId = "credentials-exchange"
  const { id } = await api.post<{ id: string }>("/api/v2/hooks", {
    name: "packed",
    triggerId,
    enabled: true,
    dependencies: { answer: "^1.0.0" },
    script: scriptOf(triggerId, 'cb(null, { scope: [require("answer") + " " + require("answer@1.0.0")] })'),
  })
  expect((await api.fire(triggerId)).body).toMatchObject({
    status: "succeeded",
    result: { scope: ["42 41"] },
  })
  expect(await version(api, id, 1)).toMatchObject({
    buildStatus: "built",
    resolved: { answer: "1.1.0", "@pinned/1": "1.0.0" },
  })

  const changed = api.patch(`/api/v2/hooks/${id}`, {
    dependencies: { hangs: "1.0.0" },
    script: scriptOf(triggerId, 'cb(null, { scope: [String(require("hangs"))] })'),
  })
  await vi.waitFor(
    async () => expect(await version(api, id, 2)).toMatchObject({ buildStatus: "pending" }),
    PATIENCE,
  )
  expect((await api.fire(triggerId)).body).toMatchObject({ result: { scope: ["42 41"] } })
  registry.release()
  await changed
  expect((await api.fire(triggerId)).body).toMatchObject({ result: { scope: ["43"] } })

  await api.patch(`/api/v2/hooks/${id}`, { dependencies: { nobody: "1.0.0" } })
  expect(await version(api, id, 3)).toMatchObject({
    buildStatus: "failed",
    buildLog: expect.stringContaining("nobody"),
  })
  expect(await api.fire(triggerId)).toMatchObject({ status: 502, body: { errorCode: "bundle_failed" } })
})

test("events for a hook whose packages are built for the first time wait, or are asked to come again", async () => {
  const { api, registry } = await serviceWithRegistry()
  const save = (triggerId: TriggerId, dependencies: object) =>
    api.post<{ id: string }>("/api/v2/hooks", {
      name: triggerId,
      triggerId,
      enabled: true,
      dependencies,
      script: scriptOf(triggerId, 'console.log(String(require("hangs"))); cb()'),
    })
  const saved = [
    save("post-user-registration", { hangs: "1" }),
    save("send-phone-message", { hangs: "^1.0.0" }),
  ]
  await vi.waitFor(async () => expect(await api.get("/api/v2/hooks")).toHaveLength(2), PATIENCE)
  const executionId = await api.accept("post-user-registration")
  const refused = await api.fire("send-phone-message")
  expect(refused).toMatchObject({ status: 503, body: { errorCode: "hook_not_ready" } })
  expect(refused.headers.get("retry-after")).toBe("2")
  // Once a second a worker looks whether it can run, and has it in hand for that moment.
  expect(await api.reached(executionId, "queued")).toMatchObject({ attempts: [] })
  registry.release()
  await Promise.all(saved)
  const { attempts } = await api.reached(executionId, "succeeded")
  expect(attempts).toMatchObject([{ attempt: 1, logs: [{ message: "43" }] }])
  expect((await api.fire("send-phone-message")).body).toMatchObject({ status: "succeeded" })

  await save("post-change-password", { nobody: "1.0.0" })
  const lost = await api.reached(await api.accept("post-change-password"), "dead_letter")
  expect(lost).toMatchObject({ failure: "bundle_failed", attempts: [{ failure: "bundle_failed" }] })
})
