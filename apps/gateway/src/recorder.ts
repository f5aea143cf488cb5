import { setTimeout } from "node:timers/promises"
import type { ExecutionRecord } from "@hooklane/core"
import type { RecordReader } from "@hooklane/queue"
import type { Logger } from "pino"

/** Some 5 ms of the gateway's time per batch; larger ones are faster in all, and callers would wait for them. */
const BATCH = 200
const BLOCK_MS = 1_000
const RETRY_MS = 1_000
/** A rest after a batch that was not full: without it a quiet service pays for a transaction per record. */
const GATHER_MS = 50

export interface RecorderDeps {
  reader: Pick<RecordReader, "read" | "ack" | "close">
  store: (records: ExecutionRecord[]) => Promise<void>
  /** Told of every record that was stored, once per gateway that stored it. */
  observe: (record: ExecutionRecord) => void
  log: Logger
}

/**
 * Brings what happened from the event stream into the database, in batches. A batch is acknowledged after it was
 * stored, and storing is idempotent, so a crash in between loses nothing and doubles nothing.
 */
export function startRecorder({ reader, store, observe, log }: RecorderDeps) {
  const stopping = new AbortController()

  /** The number of records it has stored. */
  async function recordBatch(): Promise<number> {
    const entries = await reader.read({ count: BATCH, blockMs: BLOCK_MS })
    if (entries.length === 0) return 0
    const records = entries.map((entry) => entry.record)
    await store(records)
    await reader.ack(entries.map((entry) => entry.id))
    records.forEach(observe)
    return records.length
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const stored = await recordBatch()
        if (stored > 0 && stored < BATCH) await rest(GATHER_MS)
      } catch (error) {
        if (stopping.signal.aborted) return
        log.error({ err: error }, "history could not be written; trying again")
        await rest(RETRY_MS)
      }
    }
  }

  /** Ends at once when the recorder is closed. */
  async function rest(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  }

  const finished = run()
  return {
    async close(): Promise<void> {
      stopping.abort()
      await reader.close()
      await finished
    },
  }
}
