import type { LaneLimits } from "@hooklane/core"
import type { Queue } from "bullmq"

/** Bounds what all workers together take from a lane; a limit that is left out is lifted. */
export async function limitLane(queue: Queue, { concurrency, perSecond }: LaneLimits): Promise<void> {
  await Promise.all([
    concurrency === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(concurrency),
    perSecond === undefined ? queue.removeGlobalRateLimit() : queue.setGlobalRateLimit(perSecond, 1_000),
  ])
}
