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
const BEATS_ALLOWED = 4
/** However late its beats are, a worker that is silent for longer is gone. */
const MAX_ALLOWED_MS = 30_000

/**
 * How long a worker counts as living after a beat that was `lateMs` late: the next ones may be as late, where it has to
 * wait for a processor. It must not be taken for dead because others are busy.
 */
export function allowedSilenceMs({ intervalMs, lateMs }: { intervalMs: number; lateMs: number }): number {
  const usual = BEATS_ALLOWED * intervalMs
  return Math.round(Math.max(usual, Math.min(usual + BEATS_ALLOWED * lateMs, MAX_ALLOWED_MS)))
}

/**
 * Announces `worker` now, every `intervalMs` (default 2,000) and whenever Redis is back, until closed. It counts as
 * gone when four of these have passed without a word; later when its beats were late, 30 s at most.
 */
export function announceWorker(
  connection: QueueConnection,
  worker: WorkerInfo,
  { intervalMs = HEARTBEAT_MS } = {},
): { close(): Promise<void> } {
  const { commands, prefix } = connection
  const text = JSON.stringify(worker)
  const closing = new AbortController()

  let lateMs = 0

  async function announce(): Promise<void> {
    const silenceMs = allowedSilenceMs({ intervalMs, lateMs })
    await commands.run((client) =>
      execPipeline(
        client
          .pipeline()
          .set(workerKey(prefix, worker.id), text, "PX", silenceMs)
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
      const restedFrom = performance.now()
      await Promise.allSettled([sleep(intervalMs, undefined, { signal: closing.signal })])
      lateMs = Math.max(0, performance.now() - restedFrom - intervalMs)
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
