import { expect, onTestFinished, test } from "vitest"
import { openLanes, startConsumer } from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, testConnection } from "./support.ts"

const LANE = "post-user-registration"

/** Two workers that have room for much more than the lane lets them take. */
function twoWorkers() {
  const connection = testConnection()
  const lanes = openLanes(connection, { maxDeadLetters: 100, retentionDays: 14 })
  onTestFinished(() => lanes.close())
  const seen = { running: 0, most: 0, startedAt: [] as number[] }
  for (let n = 0; n < 2; n++) {
    const consumer = startConsumer(connection, {
      triggerId: LANE,
      concurrency: 10,
      retryPolicy: retryPolicy(),
      process: async () => {
        seen.startedAt.push(Date.now())
        seen.running += 1
        seen.most = Math.max(seen.most, seen.running)
        await new Promise((resolve) => setTimeout(resolve, 20))
        seen.running -= 1
        return "done"
      },
      onLost: async () => {},
      log: keepingLog(),
    })
    onTestFinished(() => consumer.close({ force: true }))
  }
  return { lanes, seen }
}

test("a lane lets all workers together run so many jobs at once, until the limit is lifted", async () => {
  const { lanes, seen } = twoWorkers()
  await lanes.limit(LANE, { concurrency: 3 })
  await Promise.all(Array.from({ length: 20 }, () => lanes.enqueue(asyncJob())))
  await expect.poll(() => seen.startedAt.length).toBe(20)
  expect(seen.most).toBeLessThanOrEqual(3)
  await lanes.limit(LANE, {})
  await Promise.all(Array.from({ length: 40 }, () => lanes.enqueue(asyncJob())))
  await expect.poll(() => seen.startedAt.length).toBe(60)
  expect(seen.most).toBeGreaterThan(3)
})

test("a lane lets all workers together begin so many jobs in a second", async () => {
  const { lanes, seen } = twoWorkers()
  await lanes.limit(LANE, { perSecond: 5 })
  await Promise.all(Array.from({ length: 12 }, () => lanes.enqueue(asyncJob())))
  await expect.poll(() => seen.startedAt.length, { timeout: 8_000 }).toBe(12)
  const [first = 0] = seen.startedAt
  expect(seen.startedAt.filter((at) => at < first + 900).length).toBeLessThanOrEqual(5)
  expect((seen.startedAt.at(-1) ?? 0) - first).toBeGreaterThanOrEqual(1_900)
})
