import { type Job, jobSchema } from "@hooklane/core"
import type { Queue } from "bullmq"
import type { Redis } from "ioredis"
import { z } from "zod"
import { createScript } from "./script.ts"

// BullMQ's own removal also takes dead letters, and does not tell whether there was anything to remove.
const removeAll = createScript(`
  local removed = {}
  for i = 4, #KEYS do
    local id = ARGV[i - 3]
    if redis.call("LREM", KEYS[1], -1, id) + redis.call("ZREM", KEYS[2], id) + redis.call("ZREM", KEYS[3], id) > 0 then
      removed[#removed + 1] = redis.call("HGET", KEYS[i], "data") or "null"
      redis.call("DEL", KEYS[i])
    end
  end
  return removed`)

const removedSchema = z.array(z.string())

/**
 * Removes the jobs among `executionIds` that wait for a worker or for their moment, and gives them. One step: a job
 * is either given here or runs.
 */
export async function removeWaiting(queue: Queue, client: Redis, executionIds: string[]): Promise<Job[]> {
  if (executionIds.length === 0) return []
  const keys = ["wait", "prioritized", "delayed", ...executionIds].map((name) => queue.toKey(name))
  const removed = await removeAll(client, keys, executionIds)
  return removedSchema.parse(removed).flatMap((text) => {
    const job = jobSchema.safeParse(JSON.parse(text))
    return job.success ? [job.data] : []
  })
}

/** Removes up to `count` jobs that wait, those that are next in line first. */
export async function removeNext(queue: Queue, client: Redis, count: number): Promise<Job[]> {
  const [wait, prioritized, delayed] = await Promise.all([
    client.lrange(queue.toKey("wait"), -count, -1),
    client.zrange(queue.toKey("prioritized"), "0", String(count - 1)),
    client.zrange(queue.toKey("delayed"), "0", String(count - 1)),
  ])
  return removeWaiting(queue, client, [...wait, ...prioritized, ...delayed].slice(0, count))
}
