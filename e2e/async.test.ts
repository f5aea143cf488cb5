import type { RetryPolicy } from "@hooklane/core"
import { describe, expect } from "vitest"
import { type Problem, scriptOf } from "./api.ts"
import { testWithService } from "./service-test.ts"

const retries = {
  "post-user-registration": { attempts: 3, firstDelayMs: 100 },
  "post-change-password": { attempts: 50, firstDelayMs: 300, maxDelayMs: 300 },
} satisfies Record<string, Partial<RetryPolicy>>

const test = testWithService({
  settings: { HOOKLANE_RETRIES: JSON.stringify(retries), HOOKLANE_MAX_DEAD_LETTERS: "3" },
})

const NEVER_COMPILES = "}{"

/** A hook that rejects for a while, and then prints `text`. */
function busyFor(ms: number, text: string): string {
  const until = Date.now() + ms
  return `if (Date.now() < ${until}) return cb(new Error("busy")); console.log("${text}"); cb()`
}

describe("an accepted event", () => {
  test("runs, and its address says how it went", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", "console.log('welcome', user.email); cb()")
    const { status, body, headers } = await api.fire("post-user-registration")
    expect({ status, body }).toEqual({
      status: 202,
      body: { executionId: body.executionId, status: "queued" },
    })
    expect(headers.get("location")).toBe(`/v1/executions/${body.executionId}`)
    expect(await api.reached(body.executionId, "succeeded")).toMatchObject({
      failure: null,
      attempts: [{ attempt: 1, logs: [{ message: "welcome user1@example.com" }] }],
    })
  })

  test("is skipped without an enabled hook", async ({ service: { api } }) => {
    const hook = await api.createHook("post-user-registration", "cb()")
    await api.patch(`/api/v2/hooks/${hook.id}`, { enabled: false })
    expect(await api.fire("post-user-registration")).toMatchObject({
      status: 200,
      body: { status: "skipped" },
    })
  })

  test("is tried again until it succeeds", async ({ service: { api } }) => {
    const code = "const { attempt } = context.webtask; cb(attempt < 3 ? new Error('busy ' + attempt) : null)"
    await api.createHook("post-user-registration", code)
    const id = await api.accept("post-user-registration")
    expect(await api.reached(id, "succeeded")).toMatchObject({
      failure: null,
      error: null,
      attempts: [
        { attempt: 1, failure: "rejected", error: { message: "busy 1" } },
        { attempt: 2, failure: "rejected", error: { message: "busy 2" } },
        { attempt: 3, failure: null },
      ],
    })
  })

  test("is a dead letter when its attempts are used up", async ({ service: { api } }) => {
    const lane = "/v1/queues/post-user-registration"
    const { failed } = await api.get<{ failed: number }>(lane)
    await api.createHook("post-user-registration", "throw new Error('never')")
    const id = await api.accept("post-user-registration")
    const { attempts, failure } = await api.reached(id, "dead_letter")
    expect(failure).toBe("threw")
    expect(attempts.map((one) => one.attempt)).toEqual([1, 2, 3])
    await expect.poll(() => api.get(lane)).toMatchObject({ failed: failed + 1 })
    expect(await api.get("/v1/executions?status=dead_letter&limit=1")).toMatchObject({ executions: [{ id }] })
  })

  test("is a dead letter at once when its hook cannot be compiled", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", NEVER_COMPILES)
    const id = await api.accept("post-user-registration")
    expect((await api.reached(id, "dead_letter")).attempts).toHaveLength(1)
  })

  test("runs once, however often it is sent with one Idempotency-Key", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", "console.log('ran'); cb()")
    const headers = { "idempotency-key": "once" }
    const fire = () => api.fire("post-user-registration", { headers })
    const answers = [...(await Promise.all([fire(), fire(), fire()])), await fire()]
    const [id, ...others] = new Set(answers.map(({ body }) => body.executionId))
    expect(others).toEqual([])
    expect((await api.reached(id ?? "", "succeeded")).attempts).toHaveLength(1)
  })
})

describe("an execution under retry", () => {
  test("keeps the version it was accepted for", async ({ service: { api } }) => {
    const hook = await api.createHook("post-change-password", busyFor(800, "first version"))
    const id = await api.accept("post-change-password")
    await api.reached(id, "retrying")
    const script = scriptOf("post-change-password", "console.log('second version'); cb()")
    await api.patch(`/api/v2/hooks/${hook.id}`, { script })
    const next = await api.accept("post-change-password")

    const [old, fresh] = [await api.reached(id, "succeeded"), await api.reached(next, "succeeded")]
    expect(old.attempts.at(-1)?.logs).toMatchObject([{ message: "first version" }])
    expect(fresh.attempts.at(-1)?.logs).toMatchObject([{ message: "second version" }])
    expect(fresh.versionId).not.toBe(old.versionId)
  })

  test("goes on after its worker was replaced", async ({ service }) => {
    const { api, workers } = service
    await api.createHook("post-change-password", busyFor(3_000, "at last"))
    const id = await api.accept("post-change-password")
    await api.reached(id, "retrying")
    workers[0]?.terminate()
    expect(await workers[0]?.exited).toEqual({ code: 0, signal: null })
    await service.startWorker()
    const { attempts } = await api.reached(id, "succeeded")
    expect(attempts.map((one) => one.attempt)).toEqual(attempts.map((_, index) => index + 1))
    expect(new Set(attempts.map((one) => one.workerId)).size).toBe(2)
  })
})

describe("a replay", () => {
  const replay = (id: string) => `/v1/executions/${id}/replay`

  test("runs a dead letter's event with the mended hook", async ({ service: { api } }) => {
    const hook = await api.createHook("post-user-registration", NEVER_COMPILES)
    const id = await api.accept("post-user-registration")
    await api.reached(id, "dead_letter")
    const script = scriptOf("post-user-registration", "console.log(user.email); cb()")
    await api.patch(`/api/v2/hooks/${hook.id}`, { script })

    const { executionId } = await api.post<{ executionId: string }>(replay(id))
    expect(await api.reached(executionId, "succeeded")).toMatchObject({
      replayOf: id,
      attempts: [{ logs: [{ message: "user1@example.com" }] }],
    })
    expect(await api.execution(id)).toMatchObject({ status: "dead_letter" })
  })

  test("is refused for what is no dead letter", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", "cb()")
    await api.createHook("credentials-exchange", "cb(new Error('no'))")
    const succeeded = await api.accept("post-user-registration")
    await api.reached(succeeded, "succeeded")
    const { body: failed } = await api.fire("credentials-exchange")
    await api.reached(failed.executionId, "failed")
    await api.send("POST", "/v1/queues/post-user-registration/pause")
    const waiting = await api.accept("post-user-registration")

    for (const id of [succeeded, failed.executionId, waiting]) {
      expect(await api.send<Problem>("POST", replay(id))).toMatchObject({
        status: 409,
        body: { errorCode: "not_replayable" },
      })
    }
    await api.send("POST", "/v1/queues/post-user-registration/resume")
    await api.reached(waiting, "succeeded")
  })

  test("is refused without an enabled hook", async ({ service: { api } }) => {
    const hook = await api.createHook("post-user-registration", NEVER_COMPILES)
    const id = await api.accept("post-user-registration")
    await api.reached(id, "dead_letter")
    await api.patch(`/api/v2/hooks/${hook.id}`, { enabled: false })
    expect(await api.send("POST", replay(id))).toMatchObject({ status: 409 })
  })

  test("is refused when the event is no longer held", async ({ service: { api } }) => {
    await api.createHook("post-user-registration", NEVER_COMPILES)
    const ids: string[] = []
    for (const _dead of Array.from({ length: 4 })) {
      const id = await api.accept("post-user-registration")
      await api.reached(id, "dead_letter")
      ids.push(id)
    }
    expect(await api.send("POST", replay(ids[0] ?? ""))).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining("no longer held") },
    })
    expect(await api.send("POST", replay(ids[1] ?? ""))).toMatchObject({ status: 202 })
  })

  test("is refused for an execution that never was", async ({ service: { api } }) => {
    expect(await api.send("POST", replay(`exe_${"0".repeat(26)}`))).toMatchObject({
      status: 404,
      body: { errorCode: "execution_not_found" },
    })
  })
})
