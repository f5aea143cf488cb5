import { TRIGGERS, type Trigger, type TriggerId } from "@hooklane/core"
import type { Queue } from "bullmq"
import type { Redis } from "ioredis"
import { execPipeline } from "./commands.ts"

export interface LaneCounts {
  triggerId: TriggerId
  mode: Trigger["mode"]
  isPaused: boolean
  waiting: number
  active: number
  /** Jobs that wait for their next attempt, or for the moment that their event asked for. */
  delayed: number
  /** Dead letters. */
  failed: number
  /** Time since the job that is next in line was accepted; 0 when none waits. */
  oldestWaitingMs: number
}

/** A look at a lane. Two of them tell how fast all workers together take jobs from it. */
export interface LaneLoad {
  /** Jobs that wait for a worker. */
  waiting: number
  /** Jobs that were taken since the lane was made, by whomever. */
  taken: number
  oldestWaitingMs: number
}

export async function countJobs(queue: Queue, client: Redis, triggerId: TriggerId): Promise<LaneCounts> {
  const [counts, isPaused, oldestWaitingMs] = await Promise.all([
    queue.getJobCounts("wait", "prioritized", "active", "delayed", "failed"),
    queue.isPaused(),
    ageOfNext(queue, client),
  ])
  const { wait = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
  const { mode } = TRIGGERS[triggerId]
  return {
    triggerId,
    mode,
    isPaused,
    waiting: wait + prioritized,
    active,
    delayed,
    failed,
    oldestWaitingMs,
  }
}

/** Jobs that wait for a worker or for their moment. */
export async function countWaiting(queue: Queue, client: Redis): Promise<number> {
  const counts = await execPipeline(
    client
      .pipeline()
      .llen(queue.toKey("wait"))
      .zcard(queue.toKey("prioritized"))
      .zcard(queue.toKey("delayed")),
  )
  return counts.reduce<number>((sum, count) => sum + Number(count), 0)
}

/** For lanes without delayed jobs: those were added, and are neither waiting nor taken. */
export async function readLoad(queue: Queue, client: Redis): Promise<LaneLoad> {
  // BullMQ counts every job that it adds, also those that bring their own id.
  const [waiting, added] = await execPipeline(
    client.pipeline().llen(queue.toKey("wait")).get(queue.toKey("id")),
  )
  const oldestWaitingMs = Number(waiting) === 0 ? 0 : await ageOfNext(queue, client)
  return { waiting: Number(waiting), taken: Number(added) - Number(waiting), oldestWaitingMs }
}

async function ageOfNext(queue: Queue, client: Redis): Promise<number> {
  const next =
    (await client.lindex(queue.toKey("wait"), -1)) ??
    (await client.zrange(queue.toKey("prioritized"), "0", "0"))[0]
  const acceptedAt = next === undefined ? null : await client.hget(queue.toKey(String(next)), "timestamp")
  return acceptedAt === null ? 0 : Math.max(0, Date.now() - Number(acceptedAt))
}

/** Where an execution stands that its lane should know. */
export type Whereabouts = "in_lane" | "dead_letter" | "nowhere"

/** For many executions at once, in their order, without their events. */
export async function locate(queue: Queue, client: Redis, executionIds: string[]): Promise<Whereabouts[]> {
  const pipeline = client.pipeline()
  for (const id of executionIds) pipeline.exists(queue.toKey(id)).zscore(queue.toKey("failed"), id)
  const answers = await execPipeline(pipeline)
  return executionIds.map((_id, index) => {
    const [exists, diedAt] = answers.slice(2 * index)
    if (exists === 0) return "nowhere"
    return diedAt === null ? "in_lane" : "dead_letter"
  })
}
