import { setTimeout as sleep } from "node:timers/promises"
import { standingWallSchema, triggerIdSchema } from "@hooklane/core"
import { z } from "zod"
import { execPipeline } from "./commands.ts"
import type { QueueConnection } from "./connection.ts"
import { readLiving } from "./read-living.ts"

/** A worker process as it announces itself. */
export const workerInfoSchema = z.strictObject({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  threads: z.int(),
  version: z.string(),
  lanes: z.array(triggerIdSchema),
  /** What holds native code in its executors; workers of before 0.2 do not say. */
  wall: standingWallSchema.exactOptional(),
})
export type WorkerInfo = z.infer<typeof workerInfoSchema>

const HEARTBEAT_MS = 2_000

/**
 * Announces `worker` now, every `intervalMs` (default 2,000) and whenever Redis is back, until closed. It counts as
 * gone when four of these have passed without a word.
 */
export function announceWorker(
  connection: QueueConnection,
  worker: WorkerInfo,
  { intervalMs = HEARTBEAT_MS } = {},
): { close(): Promise<void> } {
  const { commands, prefix } = connection
  const text = JSON.stringify(worker)
  const closing = new AbortController()

  async function announce(): Promise<void> {
    await commands.run((client) =>
      execPipeline(
        client
          .pipeline()
          .set(workerKey(prefix, worker.id), text, "PX", 4 * intervalMs)
          .sadd(workerIds(prefix), worker.id),
      ),
    )
  }

  async function remove(): Promise<void> {
    await commands.run((client) =>
      execPipeline(client.pipeline().del(workerKey(prefix, worker.id)).srem(workerIds(prefix), worker.id)),
    )
  }

  async function beat(): Promise<void> {
    while (!closing.signal.aborted) {
      // The connection reports when Redis is away; the next beat announces the worker again.
      await Promise.allSettled([announce()])
      await Promise.allSettled([sleep(intervalMs, undefined, { signal: closing.signal })])
    }
  }

  connection.onReconnect(() => {
    // A Redis that came back empty knows no worker, and calls would be refused until the next beat.
    if (!closing.signal.aborted) announce().catch(() => {})
  })
  const beating = beat()
  return {
    close: async () => {
      closing.abort()
      await beating
      // Without Redis the key goes by itself.
      await Promise.allSettled([remove()])
    },
  }
}

/**
 * The workers that are there, in no order.
 * @throws AppError redis_unavailable
 */
export async function listWorkers(connection: QueueConnection): Promise<WorkerInfo[]> {
  const { prefix } = connection
  return readLiving(connection, {
    idsKey: workerIds(prefix),
    keyOf: (id) => workerKey(prefix, id),
    schema: workerInfoSchema,
    complaint: "worker does not parse",
  })
}

function workerKey(prefix: string, id: string): string {
  return `${prefix}:worker:${id}`
}

function workerIds(prefix: string): string {
  return `${prefix}:workers`
}
