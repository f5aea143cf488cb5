import { AppError } from "@hooklane/core"
import { expect, inject, onTestFinished, test } from "vitest"
import { openRedisLink } from "../../../e2e/chaos/redis-link.ts"
import type { DispatchResult } from "../src/dispatch.ts"
import { onlyOnce } from "../src/idempotency.ts"
import { startLane } from "./start-lane.ts"

const redisUrl = inject("redisUrl")
const request = { idempotencyKey: "order-1", clientId: "c1", body: "{}" }

function counting(answer: () => Promise<DispatchResult>) {
  const ids: string[] = []
  const run = ({ executionId }: { executionId: string }) => {
    ids.push(executionId)
    return answer()
  }
  return { ids, run }
}

test("a repeated request gets the first one's answer and runs nothing", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "credentials-exchange" })
  const { ids, run } = counting(async () => ({
    status: "succeeded",
    executionId: "exe_1",
    result: { a: 1 },
    durationMs: 3,
  }))
  const first = await onlyOnce(deps, { ...request, trigger }, run)
  expect(await onlyOnce(deps, { ...request, trigger }, run)).toEqual(first)
  expect(ids).toHaveLength(1)
})

test("a failure that belongs to an execution is repeated as well", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "credentials-exchange" })
  const { ids, run } = counting(() =>
    Promise.reject(new AppError("hook_timed_out", "late", { executionId: "exe_1" })),
  )
  for (let n = 0; n < 2; n++) {
    await expect(onlyOnce(deps, { ...request, trigger }, run)).rejects.toMatchObject({
      code: "hook_timed_out",
      executionId: "exe_1",
    })
  }
  expect(ids).toHaveLength(1)
})

test("after a refusal that left nothing behind the key is free", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "post-user-registration" })
  const { ids, run } = counting(() => Promise.reject(new AppError("lane_full", "full")))
  for (let n = 0; n < 2; n++) {
    await expect(onlyOnce(deps, { ...request, trigger }, run)).rejects.toMatchObject({ code: "lane_full" })
  }
  expect(ids).toHaveLength(2)
})

test("the same key with another body is refused", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "post-user-registration" })
  const { run } = counting(async () => ({ status: "queued", executionId: "exe_1" }))
  await onlyOnce(deps, { ...request, trigger }, run)
  await expect(onlyOnce(deps, { ...request, trigger, body: '{"x":1}' }, run)).rejects.toMatchObject({
    code: "conflict",
  })
})

test("the same key of another client is another key", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "post-user-registration" })
  const { ids, run } = counting(async () => ({ status: "queued", executionId: "exe_1" }))
  await onlyOnce(deps, { ...request, trigger }, run)
  await onlyOnce(deps, { ...request, trigger, clientId: "c2" }, run)
  expect(ids).toHaveLength(2)
})

test("an asynchronous event whose storing was in doubt is stored again under the same execution", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "post-user-registration" })
  const answers = [
    () => Promise.reject(new AppError("redis_unavailable", "away")),
    async (): Promise<DispatchResult> => ({ status: "queued", executionId: "exe_1" }),
  ]
  const { ids, run } = counting(() => answers.shift()?.() ?? Promise.reject(new Error("called too often")))
  await expect(onlyOnce(deps, { ...request, trigger }, run)).rejects.toMatchObject({
    code: "redis_unavailable",
  })
  await onlyOnce(deps, { ...request, trigger }, run)
  expect(ids[1]).toBe(ids[0])
})

test("while the first request of a synchronous trigger is under way, a second one is told so", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "credentials-exchange" })
  const answer = Promise.withResolvers<DispatchResult>()
  const started = Promise.withResolvers<void>()
  const first = onlyOnce(deps, { ...request, trigger }, () => {
    started.resolve()
    return answer.promise
  })
  await started.promise
  const second = onlyOnce(deps, { ...request, trigger }, () => answer.promise)
  await expect(second).rejects.toMatchObject({ code: "conflict", retryAfterSeconds: 1 })
  answer.resolve({ status: "skipped" })
  expect(await first).toEqual({ status: "skipped" })
})

test.each(["", " ", "ü", "x".repeat(256)])("the key %j is refused", async (idempotencyKey) => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "credentials-exchange" })
  await expect(
    onlyOnce(deps, { ...request, idempotencyKey, trigger }, async () => ({ status: "skipped" })),
  ).rejects.toMatchObject({ code: "invalid_body" })
})

const ANSWERED_WITHIN_MS = 1_000

/** A lane whose way to Redis can fall silent. */
async function startSilenceable() {
  const link = await openRedisLink()
  onTestFinished(() => link.close())
  const lane = await startLane({ redisUrl: link.leadTo(redisUrl), triggerId: "credentials-exchange" })
  onTestFinished(() => link.mend())
  return { ...lane, link }
}

test("a call whose key cannot be taken is answered by its deadline, though Redis is silent", async () => {
  const { deps, trigger, link } = await startSilenceable()
  link.silence()
  const startedAt = Date.now()
  const { ids, run } = counting(async () => ({ status: "skipped" }))
  const call = onlyOnce(deps, { ...request, trigger, timeoutMs: 200 }, run)
  await expect(call).rejects.toMatchObject({ code: "hook_timed_out" })
  expect(Date.now() - startedAt).toBeLessThan(200 + ANSWERED_WITHIN_MS)
  expect(ids).toEqual([])
})

test("an answer that cannot be remembered is given by the deadline nevertheless", async () => {
  const { deps, trigger, link } = await startSilenceable()
  const startedAt = Date.now()
  const answer: DispatchResult = { status: "succeeded", executionId: "exe_1", result: {}, durationMs: 1 }
  const call = onlyOnce(deps, { ...request, trigger, timeoutMs: 200 }, async () => {
    link.silence()
    return answer
  })
  expect(await call).toEqual(answer)
  expect(Date.now() - startedAt).toBeLessThan(200 + ANSWERED_WITHIN_MS)
})

test("a failure is told as it was, though Redis is silent when it is to be remembered", async () => {
  const { deps, trigger, link } = await startSilenceable()
  const call = onlyOnce(deps, { ...request, trigger, timeoutMs: 200 }, async () => {
    link.silence()
    throw new AppError("overloaded", "too much")
  })
  await expect(call).rejects.toMatchObject({ code: "overloaded" })
})

test("what taking the key took is the call's own time", async () => {
  const { deps, trigger } = await startLane({ redisUrl, triggerId: "credentials-exchange" })
  let time = 0
  const slow = {
    ...deps,
    now: () => time,
    takeKey: async () => {
      time += 400
      return undefined
    },
  }
  const given: unknown[] = []
  await onlyOnce(slow, { ...request, trigger, timeoutMs: 1_000 }, async (one) => {
    given.push(one.timeoutMs)
    return { status: "skipped" }
  })
  expect(given).toEqual([600])
})
