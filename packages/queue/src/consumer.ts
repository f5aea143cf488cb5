import { setMaxListeners } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { TRIGGERS } from "@hooklane/core"
import { Worker } from "bullmq"
import { isRedisTrouble } from "./commands.ts"
import type { QueueConnection } from "./connection.ts"
import { handleJob, type JobHandler, retryDelayOf } from "./handle-job.ts"
import { keepLocks } from "./keep-locks.ts"

// A worker renews its locks by a timer, and hooks run in another process, so short locks are safe; they hold while a
// worker gets no processor for 4 s. A job whose worker died is noticed by the first check after its lock: within 6 s,
// asynchronous ones within 10 s.
const SYNC_LOCKS = { lockMs: 5_000, checkMs: 1_000 }
const ASYNC_LOCKS = { lockMs: 5_000, checkMs: 5_000 }

const FORCED_CLOSE_MS = 3_000

export interface ConsumerOptions extends JobHandler {
  /** Jobs in hand at once. */
  concurrency: number
  /** How long a job belongs to a worker that gives no sign of life, and how often that is looked at. */
  locks?: { lockMs: number; checkMs: number }
}

export interface Consumer {
  /**
   * Takes no more work and waits for what is in hand. With `force`, also after a first call without: aborts
   * the signal of every attempt in hand and ends within 3 s. An attempt that ignores its signal for 1 s is
   * failed: an asynchronous job goes back to its lane (or is a dead letter after its last attempt), a
   * synchronous one goes to `onLost`. What could not be told to Redis is recovered by another consumer.
   */
  close(options?: { force: boolean }): Promise<void>
}

/** Starts taking jobs of one lane; while Redis is away it waits for it for ever. */
export function startConsumer(connection: QueueConnection, options: ConsumerOptions): Consumer {
  const { triggerId, concurrency, log } = options
  const forced = new AbortController()
  setMaxListeners(0, forced.signal)
  const { lockMs, checkMs } =
    options.locks ?? (TRIGGERS[triggerId].mode === "sync" ? SYNC_LOCKS : ASYNC_LOCKS)
  const { commands, prefix } = connection
  const toKey = (name: string) => `${prefix}:${triggerId}:${name}`
  const locks = keepLocks({ commands, toKey, lockMs, log })
  const worker = new Worker<unknown, void>(
    triggerId,
    async (queueJob, token = "") => {
      const release = locks.hold(queueJob.id ?? "", token)
      try {
        await handleJob({ ...options, signal: forced.signal }, queueJob)
      } finally {
        release()
      }
    },
    {
      connection: commands.client,
      prefix,
      concurrency,
      lockDuration: lockMs,
      skipLockRenewal: true,
      stalledInterval: checkMs,
      runRetryDelay: 500,
      // Lost attempts are counted by `countAttempts`, together with failed ones.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      settings: { backoffStrategy: (_attempts, _type, error) => retryDelayOf(error) },
    },
  )
  worker.on("error", (err) => {
    // What the connection has to say it reports itself.
    if (!isRedisTrouble(err)) log.warn({ err, triggerId }, "consumer error")
  })

  async function forceClose(): Promise<void> {
    forced.abort()
    await Promise.race([close(), sleep(FORCED_CLOSE_MS, undefined, { ref: false })])
    // What did not end is for another consumer.
    locks.close()
  }

  async function close(): Promise<void> {
    await worker.close()
    locks.close()
  }

  return { close: ({ force } = { force: false }) => (force ? forceClose() : close()) }
}
