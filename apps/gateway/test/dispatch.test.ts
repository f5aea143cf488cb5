import { eventContext, type Reply } from "@hooklane/core"
import { openCancellations } from "@hooklane/queue"
import { describe, expect, inject, test, vi } from "vitest"
import { dispatch } from "../src/dispatch.ts"
import { startLane } from "./start-lane.ts"

const redisUrl = inject("redisUrl")
const failed = (failure: Extract<Reply, { status: "failed" }>["failure"]): Reply => ({
  status: "failed",
  failure,
  error: { name: "Error", message: "no" },
  runMs: 1,
})

describe("a synchronous event", () => {
  const triggerId = "credentials-exchange"

  test("comes back with what of the hook's result may be applied", async () => {
    const value = { scope: ["a"], other: 1 }
    const { deps, trigger, event } = await startLane({
      redisUrl,
      triggerId,
      answer: () => ({ status: "succeeded", value, runMs: 1 }),
    })
    expect(await dispatch(deps, { trigger, event })).toMatchObject({
      status: "succeeded",
      result: { scope: ["a"] },
    })
  })

  test("whose hook refuses comes back as failed, with the hook's error", async () => {
    const { deps, trigger, event } = await startLane({
      redisUrl,
      triggerId,
      answer: () => failed("rejected"),
    })
    expect(await dispatch(deps, { trigger, event })).toMatchObject({
      status: "failed",
      failure: "rejected",
      error: { message: "no" },
      response: { statusCode: 500, body: { error: "server_error", error_description: "no" } },
    })
  })

  test.each([
    ["timed_out", "hook_timed_out"],
    ["expired", "hook_timed_out"],
    ["out_of_memory", "hook_out_of_memory"],
    ["crashed", "hook_crashed"],
    ["worker_lost", "worker_lost"],
    ["executor_lost", "executor_lost"],
    ["no_executor", "no_executor"],
    ["paused", "hook_paused"],
    ["interrupted", "shutting_down"],
    ["cancelled", "execution_cancelled"],
  ] as const)("that ended as %s is refused with %s", async (failure, code) => {
    const { deps, trigger, event } = await startLane({ redisUrl, triggerId, answer: () => failed(failure) })
    await expect(dispatch(deps, { trigger, event })).rejects.toMatchObject({ code })
  })

  test("that nobody answers is refused within a second of its deadline, and recorded", async () => {
    const { deps, trigger, event, records } = await startLane({ redisUrl, triggerId, syncTimeoutMs: 100 })
    const startedAt = performance.now()
    await expect(dispatch(deps, { trigger, event })).rejects.toMatchObject({ code: "hook_timed_out" })
    expect(performance.now() - startedAt).toBeLessThan(1_100)
    expect(records).toMatchObject([{ status: "failed", failure: "timed_out" }])
  })

  test("has the time that its caller gives it", async () => {
    const { deps, trigger, event, jobs } = await startLane({ redisUrl, triggerId })
    const startedAt = performance.now()
    await expect(dispatch(deps, { trigger, event, timeoutMs: 100 })).rejects.toMatchObject({
      message: "No answer came within 100 ms",
    })
    expect(performance.now() - startedAt).toBeLessThan(1_100)
    expect(jobs[0]?.deadlineAt).toBe((jobs[0]?.acceptedAt ?? 0) + 100)
  })

  test("whose caller goes away while it waits leaves its lane, and never runs", async () => {
    const { deps, trigger, event, jobs, records } = await startLane({ redisUrl, triggerId })
    await deps.lanes.pause(triggerId)
    const caller = new AbortController()
    const call = dispatch(deps, { trigger, event, callerGone: caller.signal })
    await expect.poll(() => deps.lanes.waitingCount(triggerId)).toBe(1)
    caller.abort()
    await expect(call).rejects.toMatchObject({ code: "execution_cancelled" })
    expect(records).toMatchObject([{ status: "cancelled", failure: "cancelled" }])
    await deps.lanes.resume(triggerId)
    expect(await deps.lanes.waitingCount(triggerId)).toBe(0)
    expect(jobs).toEqual([])
  })

  test("whose caller goes away while it runs is cancelled by whoever runs it", async () => {
    const { deps, trigger, event, jobs, records, connection } = await startLane({ redisUrl, triggerId })
    const caller = new AbortController()
    const call = dispatch(deps, { trigger, event, callerGone: caller.signal })
    await expect.poll(() => jobs).toHaveLength(1)
    caller.abort()
    await expect(call).rejects.toMatchObject({ code: "execution_cancelled" })
    const cancellations = openCancellations(connection)
    expect(await cancellations.wasCancelled(jobs[0]?.executionId ?? "")).toBe(true)
    await cancellations.close()
    expect(records).toEqual([])
  })

  test("whose caller is gone already is not stored", async () => {
    const { deps, trigger, event, jobs, records } = await startLane({ redisUrl, triggerId })
    const call = dispatch(deps, { trigger, event, callerGone: AbortSignal.abort() })
    await expect(call).rejects.toMatchObject({ code: "execution_cancelled" })
    expect({ jobs, records }).toEqual({ jobs: [], records: [] })
  })

  test("whose hook is being built is refused for a moment, and leaves nothing behind", async () => {
    const hook = { unbuilt: "pending" } as const
    const { deps, trigger, event, jobs, records } = await startLane({ redisUrl, triggerId, hook })
    const refusal = { code: "hook_not_ready", retryAfterSeconds: 2 }
    await expect(dispatch(deps, { trigger, event })).rejects.toMatchObject(refusal)
    expect({ jobs, records }).toEqual({ jobs: [], records: [] })
  })

  test("whose hook could not be built is refused, and recorded", async () => {
    const hook = { unbuilt: "failed" } as const
    const { deps, trigger, event, jobs, records } = await startLane({ redisUrl, triggerId, hook })
    const message = expect.stringContaining("GET /v1/hooks/hook_1/versions/1")
    await expect(dispatch(deps, { trigger, event })).rejects.toMatchObject({ code: "bundle_failed", message })
    expect(jobs).toEqual([])
    expect(records).toMatchObject([{ status: "failed", failure: "bundle_failed", error: { message } }])
  })

  test("carries its deadline and its event, unreadable, to the worker", async () => {
    const { deps, trigger, event, jobs } = await startLane({
      redisUrl,
      triggerId,
      answer: () => failed("rejected"),
    })
    await dispatch(deps, { trigger, event, traceparent: "00-1-2-01" })
    const [job] = jobs
    expect(job?.deadlineAt).toBe((job?.acceptedAt ?? 0) + 5_000)
    expect(job?.traceparent).toBe("00-1-2-01")
    expect(JSON.stringify(job)).not.toContain(JSON.stringify(event.audience))
    expect(
      JSON.parse(deps.keyRing.open(job?.sealedEvent ?? "", eventContext(job?.executionId ?? ""))),
    ).toEqual(event)
  })
})

describe("an asynchronous event", () => {
  const triggerId = "post-user-registration"

  test("is queued once it is stored, and recorded", async () => {
    const { deps, trigger, event, jobs, records } = await startLane({ redisUrl, triggerId })
    const result = await dispatch(deps, { trigger, event })
    expect(result.status).toBe("queued")
    expect(records).toMatchObject([{ status: "queued", head: { hookId: "hook_1", versionId: "ver_1" } }])
    await vi.waitFor(() => expect(jobs).toHaveLength(1))
    expect(jobs[0]).not.toHaveProperty("replyTo")
  })

  test.each(["pending", "failed"] as const)("is taken also for a hook whose build is %s", async (unbuilt) => {
    const { deps, trigger, event, jobs } = await startLane({ redisUrl, triggerId, hook: { unbuilt } })
    expect(await dispatch(deps, { trigger, event })).toMatchObject({ status: "queued" })
    await vi.waitFor(() => expect(jobs).toHaveLength(1))
  })

  test("that is put off is recorded with its moment", async () => {
    const { deps, trigger, event, records } = await startLane({ redisUrl, triggerId })
    const deliverAt = Date.now() + 3_600_000
    await dispatch(deps, { trigger, event, deliverAt, priority: 3 })
    expect(records).toMatchObject([{ status: "queued", nextAttemptAt: deliverAt }])
    expect(await deps.lanes.counts(triggerId)).toMatchObject({ delayed: 1 })
  })
})

test("without an enabled hook an event is skipped and the queue is not touched", async () => {
  const { deps, trigger, event, connection, records } = await startLane({
    redisUrl,
    triggerId: "credentials-exchange",
    hook: "none",
  })
  expect(await dispatch(deps, { trigger, event })).toEqual({ status: "skipped" })
  expect(await connection.commands.client.exists(`${connection.prefix}:credentials-exchange:id`)).toBe(0)
  expect(records).toEqual([])
})
