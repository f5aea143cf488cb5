import { Queue } from "bullmq"
import { expect, onTestFinished, test } from "vitest"
import { addJobs } from "../src/add-jobs.ts"
import { testConnection } from "./support.ts"

const KIND = {
  name: "execution",
  options: {
    attempts: 3,
    backoff: { type: "custom" },
    removeOnComplete: true,
    removeOnFail: { count: 5, age: 10 },
  },
}

function testQueue() {
  const connection = testConnection()
  const { client } = connection.commands
  const queue = new Queue("lane", { connection: client, prefix: connection.prefix })
  onTestFinished(() => queue.close())
  return { queue, client }
}

test("a job is stored as BullMQ itself stores it", async () => {
  const { queue, client } = testQueue()
  await queue.add(KIND.name, { text: "ü" }, { ...KIND.options, jobId: "theirs" })
  await addJobs(queue, client, KIND, [{ jobId: "ours", text: JSON.stringify({ text: "ü" }) }])
  const stored = async (jobId: string) => {
    const { timestamp, opts = "{}", ...fields } = await client.hgetall(queue.toKey(jobId))
    expect(Math.abs(Date.now() - Number(timestamp))).toBeLessThan(10_000)
    // What is said by being absent, they also write down; and the id, which is the key.
    const { jobId: _, delay, priority, ...options } = JSON.parse(opts)
    expect([delay ?? 0, priority ?? 0]).toEqual([0, 0])
    return { ...fields, options }
  }
  expect(await stored("ours")).toEqual(await stored("theirs"))
  expect(await queue.getWaiting().then((jobs) => jobs.map(({ id }) => id))).toEqual(["theirs", "ours"])
})

test("jobs are stored in their order, and one that is there already stays as it is", async () => {
  const { queue, client } = testQueue()
  const jobs = Array.from({ length: 50 }, (_, index) => ({ jobId: `job-${index}`, text: `${index}` }))
  await addJobs(queue, client, KIND, jobs)
  await addJobs(queue, client, KIND, [{ jobId: "job-7", text: '"another"' }])
  const waiting = await queue.getWaiting(0, -1)
  expect(waiting.map(({ data }) => data)).toEqual(jobs.map((_, index) => index))
})

test("a Redis that has forgotten its scripts is told them again", async () => {
  const { queue, client } = testQueue()
  await addJobs(queue, client, KIND, [{ jobId: "before", text: "1" }])
  await client.script("FLUSH")
  await addJobs(queue, client, KIND, [{ jobId: "after", text: "2" }])
  expect(await queue.getWaitingCount()).toBe(2)
})
