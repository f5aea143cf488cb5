import { setTimeout as sleep } from "node:timers/promises"
import type { ExecutionRecord } from "@hooklane/core"
import type { Logger } from "pino"

/** Records that wait for the database; the next ones are dropped, each with a line in the log. */
const MAX_WAITING = 10_000
const BATCH = 200
const RETRY_MS = 1_000

export interface GatewayRecordsDeps {
  /** Adds to the stream that the history reads. */
  append: (records: ExecutionRecord[]) => Promise<void>
  /** Writes into the history at once; doing it twice does no harm. */
  store: (records: ExecutionRecord[]) => Promise<void>
  /** Told of every record that was stored here. */
  observe: (record: ExecutionRecord) => void
  log: Pick<Logger, "warn" | "error">
}

export interface GatewayRecords {
  /** Never fails, never waits. */
  record(record: ExecutionRecord): void
  /** Brings what is under way into the history, and gives up what the database does not take. */
  close(): Promise<void>
}

/**
 * What a gateway itself has to tell the history. As anybody's it goes over Redis, in order and at little cost; what
 * Redis does not take, such as the answers given while it is away, is written into the database from here.
 */
export function createGatewayRecords({ append, store, observe, log }: GatewayRecordsDeps): GatewayRecords {
  const appending = new Set<Promise<void>>()
  const waiting: ExecutionRecord[] = []
  const closing = new AbortController()
  let storing: Promise<void> | undefined

  async function bring(record: ExecutionRecord): Promise<void> {
    try {
      await append([record])
    } catch (err) {
      if (waiting.length >= MAX_WAITING) return lose([record], err)
      waiting.push(record)
      storing ??= storeWaiting().finally(() => {
        storing = undefined
      })
    }
  }

  async function storeWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      try {
        await store(batch)
        waiting.splice(0, batch.length)
        batch.forEach(observe)
      } catch (err) {
        if (closing.signal.aborted) return lose(waiting.splice(0), err)
        log.warn({ err, waiting: waiting.length }, "records wait for the database")
        await sleep(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined)
      }
    }
  }

  function lose(records: ExecutionRecord[], err: unknown): void {
    for (const { head } of records) log.error({ err, executionId: head.executionId }, "record was lost")
  }

  return {
    record: (record) => {
      const under = bring(record).finally(() => appending.delete(under))
      appending.add(under)
    },
    close: async () => {
      closing.abort()
      await Promise.all(appending)
      await storing
    },
  }
}
