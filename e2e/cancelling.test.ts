import { setTimeout as sleep } from "node:timers/promises"
import { TRIGGERS, type TriggerId } from "@hooklane/core"
import { describe, expect } from "vitest"
import type { Api, Execution } from "./api.ts"
import { testWithService } from "./service-test.ts"

const retries = { "post-change-password": { attempts: 3, firstDelayMs: 3_600_000, maxDelayMs: 3_600_000 } }

const test = testWithService({
  settings: {
    HOOKLANE_LANE_CONCURRENCY: "1",
    HOOKLANE_ASYNC_CONCURRENCY: "1",
    HOOKLANE_RETRIES: JSON.stringify(retries),
  },
})

const SLOW_HOOK = "console.log('begun'); setTimeout(() => cb(null, {}), 8_000)"

/** Calls a trigger, and leaves after a while without waiting for the answer. */
async function callAndLeave(api: Api, triggerId: TriggerId, headers: Record<string, string> = {}) {
  const leaving = new AbortController()
  const call = fetch(`${api.url}/v1/triggers/${triggerId}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(TRIGGERS[triggerId].sampleEvent),
    signal: leaving.signal,
  })
  await sleep(500)
  leaving.abort()
  await expect(call).rejects.toThrow("aborted")
}

function endedCalls(api: Api, triggerId: TriggerId): Promise<{ executions: Execution[] }> {
  return api.get(`/v1/executions?trigger=${triggerId}`)
}

describe("a caller who goes away", () => {
  test("takes its run along", async ({ service: { api } }) => {
    await api.createHook("credentials-exchange", SLOW_HOOK)
    await callAndLeave(api, "credentials-exchange")
    await expect
      .poll(() => endedCalls(api, "credentials-exchange"), { timeout: 5_000 })
      .toMatchObject({ executions: [{ status: "cancelled", failure: "cancelled" }] })
    const { executions } = await endedCalls(api, "credentials-exchange")
    const { attempts } = await api.execution(executions[0]?.id ?? "")
    expect(attempts).toMatchObject([{ failure: "cancelled", logs: [{ message: "begun" }] }])
  })

  test("finds the answer when it comes back with its Idempotency-Key", async ({ service: { api } }) => {
    await api.createHook("pre-user-registration", "setTimeout(() => cb(null, { user: {} }), 1_500)")
    const headers = { "idempotency-key": "comes-back" }
    await callAndLeave(api, "pre-user-registration", headers)
    const answer = () => api.fire("pre-user-registration", { headers })
    await expect
      .poll(answer, { timeout: 5_000 })
      .toMatchObject({ status: 200, body: { status: "succeeded" } })
  })
})

describe("an operator cancels", () => {
  test("what runs", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", SLOW_HOOK)
    const id = await api.accept("post-user-registration")
    await api.reached(id, "running")
    expect(await api.send("POST", `/v1/executions/${id}/cancel`)).toMatchObject({
      status: 200,
      body: { executionId: id, status: "cancelled" },
    })
    const { attempts } = await api.reached(id, "cancelled")
    expect(attempts).toMatchObject([{ attempt: 1, failure: "cancelled" }])
    const again = await api.send("POST", `/v1/executions/${id}/cancel`)
    expect(again).toMatchObject({ status: 200, body: { status: "cancelled" } })
  })

  test("what waits for its next attempt", async ({ service: { api } }) => {
    await api.createHook("post-change-password", "cb(new Error('busy'))")
    const id = await api.accept("post-change-password")
    await api.reached(id, "retrying")
    expect(await api.send("POST", `/v1/executions/${id}/cancel`)).toMatchObject({ status: 200 })
    expect((await api.reached(id, "cancelled")).attempts).toMatchObject([{ failure: "rejected" }])
  })

  test("nothing that is over", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", "cb()")
    const id = await api.accept("post-user-registration")
    await api.reached(id, "succeeded")
    expect(await api.send("POST", `/v1/executions/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { errorCode: "not_cancellable" },
    })
  })
})

describe("a call", () => {
  test("has the time that its caller gives it, and is told so", async ({ service: { api } }) => {
    await api.createHook("credentials-exchange", "")
    const startedAt = performance.now()
    const answer = await api.fire("credentials-exchange", { headers: { prefer: "wait=1" } })
    expect(answer).toMatchObject({ status: 504, body: { errorCode: "hook_timed_out" } })
    expect(answer.headers.get("preference-applied")).toBe("wait=1")
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  test("that could not be answered in time is refused at once", async ({ service: { api } }) => {
    await api.createHook("credentials-exchange", "setTimeout(cb, 100, null, {})")
    const backlog = Array.from({ length: 60 }, () => api.fire("credentials-exchange"))
    const path = "/v1/triggers/credentials-exchange/events?timeoutMs=1000"
    const body = TRIGGERS["credentials-exchange"].sampleEvent
    await sleep(1_500)
    const startedAt = performance.now()
    const refused = await api.send("POST", path, { body })
    expect(refused).toMatchObject({ status: 503, body: { errorCode: "overloaded" } })
    expect(performance.now() - startedAt).toBeLessThan(500)
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    for (const { status } of await Promise.all(backlog)) expect(status).toBe(200)
    expect(await api.send("POST", path, { body })).toMatchObject({ status: 200 })
  })
})
