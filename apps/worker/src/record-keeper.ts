import { setTimeout as sleep } from "node:timers/promises"
import type { ExecutionRecord } from "@hooklane/core"
import type { Logger } from "pino"

/** What happened, until Redis has stored it. */
export interface RecordKeeper {
  /** Resolves when the record is stored, however long that takes; rejects when `signal` aborts before. */
  keep(record: ExecutionRecord, signal: AbortSignal): Promise<void>
  /** The same where nobody waits for it. */
  keepLater(record: ExecutionRecord): void
  /** Resolves when another record could be kept: no attempt should begin before. */
  room(signal: AbortSignal): Promise<void>
  /** Tries for `limitMs` to store what is kept; the rest is lost, each with a line in the log. */
  close(limitMs: number): Promise<void>
}

export interface RecordKeeperDeps {
  /** Adds to the stream that the history reads. Doing it twice does no harm. */
  append: (records: ExecutionRecord[]) => Promise<void>
  log: Pick<Logger, "info" | "warn" | "error">
}

/** Records that wait for Redis in the memory of this process: the attempts of some seconds. */
const MAX_KEPT = 1_000
const MAX_KEPT_CHARS = 64_000_000
const BATCH = 50
const RETRY_MS = 500

interface Kept {
  record: ExecutionRecord
  chars: number
  onStored(): void
}

export function createRecordKeeper({ append, log }: RecordKeeperDeps): RecordKeeper {
  const kept = new Set<Kept>()
  let keptChars = 0
  let storing: Promise<void> | undefined
  let closesAt = Number.POSITIVE_INFINITY
  let onProgress = Promise.withResolvers<void>()

  function hold(record: ExecutionRecord, onStored: () => void): Kept {
    const one = { record, chars: JSON.stringify(record).length, onStored }
    kept.add(one)
    keptChars += one.chars
    storing ??= storeKept().finally(() => {
      storing = undefined
    })
    return one
  }

  function forget(one: Kept): void {
    if (kept.delete(one)) keptChars -= one.chars
    onProgress.resolve()
    onProgress = Promise.withResolvers()
  }

  async function storeKept(): Promise<void> {
    log.warn({}, "records wait for Redis")
    while (kept.size > 0 && Date.now() < closesAt) {
      const batch = [...kept].slice(0, BATCH)
      try {
        await append(batch.map(({ record }) => record))
        for (const one of batch) {
          forget(one)
          one.onStored()
        }
      } catch {
        // The connection reports why.
        await sleep(RETRY_MS)
      }
    }
    if (kept.size === 0) log.info({}, "records are stored again")
  }

  return {
    async keep(record, signal) {
      try {
        await append([record])
      } catch {
        const { promise, resolve } = Promise.withResolvers<void>()
        const one = hold(record, resolve)
        await unlessAborted(promise, signal).finally(() => forget(one))
      }
    },
    keepLater(record) {
      append([record]).catch(() => void hold(record, () => {}))
    },
    async room(signal) {
      while (kept.size >= MAX_KEPT || keptChars >= MAX_KEPT_CHARS)
        await unlessAborted(onProgress.promise, signal)
    },
    async close(limitMs) {
      closesAt = Date.now() + limitMs
      await storing
      for (const { record } of kept) log.error({ executionId: record.head.executionId }, "record was lost")
    },
  }
}

async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(new Error("The attempt was ended before its record was stored"))
  if (signal.aborted) onAbort()
  signal.addEventListener("abort", onAbort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener("abort", onAbort)
  }
}
