import { expect, onTestFinished, test } from "vitest"
import { noAbort, start, taskOf } from "./harness.ts"

/** Takes memory outside the heap until its process is killed, or ends well after `ms`. */
const MAY_BE_POISON = `module.exports = (user, context, cb) => {
  if (!user.poison) return setTimeout(cb, user.ms)
  const taken = []
  const take = () => {
    taken.push(Buffer.alloc(128e6, 1))
    setTimeout(take, 1)
  }
  take()
}`

const ASYNC = "post-user-registration"
const SYNC = "pre-user-registration"

async function open() {
  const executors = await start({ threads: 4 })
  onTestFinished(executors.close)
  const run = (executionId: string, triggerId: typeof ASYNC | typeof SYNC = ASYNC) => {
    const user = { poison: executionId.startsWith("poison"), ms: executionId === "slow" ? 9_000 : 150 }
    const event = { user, context: {} }
    const task = taskOf(MAY_BE_POISON, { triggerId, versionId: triggerId, event, timeoutMs: 60_000 })
    return executors.run({ ...task, executionId }, noAbort)
  }
  return { executors, run }
}

test("an event that kills its process is found out, and no other pays for it", {
  timeout: 60_000,
}, async () => {
  const { run } = await open()
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const poison = run("poison")
    const innocent = Array.from({ length: 12 }, (_, n) => run(`innocent-${n}`))
    const outcomes = (await Promise.all(innocent)).map(({ outcome }) => outcome.status)
    expect(outcomes).toEqual(Array(12).fill("returned"))
    expect((await poison).outcome.status).toBe("out_of_memory")
  }
})

test("it is alone from its second attempt on", { timeout: 120_000 }, async () => {
  const { executors, run } = await open()
  await Promise.all([run("poison"), run("innocent")])
  const again = run("poison")
  const beside = run("slow")
  const busy = () => executors.stats().executors.filter(({ running }) => running === 1)
  await expect.poll(busy, { timeout: 15_000, interval: 10 }).toHaveLength(2)
  expect((await again).outcome.status).toBe("out_of_memory")
  expect((await beside).outcome.status).toBe("returned")
})

test("runs that have a caller are not begun twice, and are told that it was not them", async () => {
  const { run } = await open()
  const reports = await Promise.all([run("poison", SYNC), run("slow", SYNC)])
  for (const { outcome } of reports) {
    const reason = expect.stringMatching(/^it used more than \d+ MB of memory$/)
    expect(outcome).toEqual({ status: "executor_lost", reason })
  }
})

test("a version that kills its process with every event has to wait", { timeout: 120_000 }, async () => {
  const { run } = await open()
  const reports = await Promise.all(Array.from({ length: 8 }, (_, n) => run(`poison-${n}`)))
  const statuses = new Set(reports.map(({ outcome }) => outcome.status))
  expect(statuses).toEqual(new Set(["out_of_memory", "paused"]))
  expect((await run("innocent")).outcome).toMatchObject({
    status: "paused",
    reason: expect.stringMatching(/took its process down .* it is paused for another \d+ s/),
  })
})
