import { TRIGGERS } from "@hooklane/core"
import { describe, expect } from "vitest"
import type { Api } from "./api.ts"
import { testWithService } from "./service-test.ts"

const test = testWithService({
  settings: {
    HOOKLANE_RETRIES: '{"post-user-registration":{"attempts":1}}',
    HOOKLANE_LANE_LIMITS: '{"post-change-password":{"concurrency":1}}',
  },
})

const LANE = "post-user-registration"

interface BulkReplayResult {
  replays: { executionId: string; replayOf: string }[]
  skipped: unknown[]
  remaining: number
}

async function deadLetters(api: Api, count: number): Promise<string[]> {
  await api.createHook(LANE, "cb(new Error('down'))")
  const ids = await Promise.all(Array.from({ length: count }, () => api.accept(LANE)))
  for (const id of ids) await api.reached(id, "dead_letter")
  return ids
}

describe("dead letters", () => {
  test("are replayed by what they have in common, each once", async ({ service: { api } }) => {
    const ids = await deadLetters(api, 5)
    const hook = await api.createHook(LANE, "cb()")
    const replay = (body: object) => api.post<BulkReplayResult>("/v1/dead-letters/replay", body)
    const filter = { trigger: LANE, failure: "rejected" }
    expect(await replay({ filter, dryRun: true })).toEqual({ replays: [], skipped: [], remaining: 5 })
    expect(await replay({ filter: { ...filter, hook: hook.id } })).toMatchObject({ remaining: 0 })
    const first = await replay({ filter, limit: 2, perSecond: 100 })
    const second = await replay({ filter })
    expect([first.remaining, second.remaining]).toEqual([3, 0])
    const replays = [...first.replays, ...second.replays]
    expect(replays.map(({ replayOf }) => replayOf).sort()).toEqual(ids.sort())
    for (const { executionId, replayOf } of replays)
      expect(await api.reached(executionId, "succeeded")).toMatchObject({ replayOf, hookId: hook.id })
    expect(await replay({ filter })).toMatchObject({ replays: [], remaining: 0 })
  })

  test("are not replayed twice by accident", async ({ service: { api } }) => {
    const [id = ""] = await deadLetters(api, 1)
    const replay = (query = "") => api.send("POST", `/v1/executions/${id}/replay${query}`)
    expect(await replay()).toMatchObject({ status: 202, body: { replayOf: id } })
    expect(await replay()).toMatchObject({ status: 409, body: { errorCode: "already_replayed" } })
    expect(await replay("?again=true")).toMatchObject({ status: 202, body: { replayOf: id } })
  })

  test.for([
    {},
    { filter: { trigger: "credentials-exchange" } },
    { filter: {}, perSecond: 0 },
    { filter: {}, limit: 1_001 },
    { filter: { from: "yesterday" } },
    { filter: {}, all: true },
  ])("are not replayed for a request like %j", async (body, { service: { api } }) => {
    const answer = await api.send("POST", "/v1/dead-letters/replay", { body })
    expect(answer).toMatchObject({ status: 400, body: { errorCode: "invalid_body" } })
  })
})

describe("an event", () => {
  const body = TRIGGERS[LANE].sampleEvent

  test("runs when it is due", async ({ service: { api } }) => {
    await api.createHook(LANE, "cb()")
    const deliverAt = new Date(Date.now() + 1_500).toISOString()
    const path = `/v1/triggers/${LANE}/events?deliverAt=${deliverAt}`
    const accepted = await api.send<{ executionId: string }>("POST", path, { body })
    expect(accepted.status).toBe(202)
    const id = accepted.body.executionId
    const waiting = { status: "queued", nextAttemptAt: deliverAt }
    await expect.poll(() => api.execution(id)).toMatchObject(waiting)
    const { attempts } = await api.reached(id, "succeeded")
    expect(attempts).toMatchObject([{ startedAt: expect.toSatisfy((at: string) => at >= deliverAt) }])
  })

  test("says in its answer what of its query is wrong", async ({ service: { api } }) => {
    const answer = await api.send("POST", `/v1/triggers/${LANE}/events?priority=high`, { body })
    expect(answer).toMatchObject({ status: 400, body: { errorCode: "invalid_query_string" } })
  })
})

describe("a lane", () => {
  test("is drained by who confirms it", async ({ service: { api } }) => {
    const lane = "/v1/queues/post-change-password"
    await api.createHook("post-change-password", "cb()")
    await api.post(`${lane}/pause`)
    const ids = await Promise.all([1, 2, 3].map(() => api.accept("post-change-password")))
    expect(await api.send("POST", `${lane}/drain`)).toMatchObject({ status: 400 })
    expect(await api.send("POST", `${lane}/drain?confirm=yes`)).toMatchObject({ status: 400 })
    expect(await api.post(`${lane}/drain?confirm=post-change-password`)).toEqual({ drained: 3, remaining: 0 })
    for (const id of ids) expect(await api.reached(id, "cancelled")).toMatchObject({ failure: "cancelled" })
    await api.post(`${lane}/resume`)
    const next = await api.accept("post-change-password")
    await api.reached(next, "succeeded")
  })

  test("runs no more at once than its limit allows", async ({ service: { api } }) => {
    await api.createHook("post-change-password", "setTimeout(cb, 100)")
    const ids = await Promise.all([1, 2, 3, 4].map(() => api.accept("post-change-password")))
    const runs = await Promise.all(ids.map((id) => api.reached(id, "succeeded")))
    const startedAt = runs.map(({ attempts: [first] }) => Date.parse(first?.startedAt ?? "")).sort()
    for (const [index, at] of startedAt.slice(1).entries())
      expect(at - (startedAt[index] ?? 0)).toBeGreaterThanOrEqual(95)
  })
})
