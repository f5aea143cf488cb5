import type { ExecutionRecord } from "@hooklane/core"
import { execPipeline } from "./commands.ts"
import type { QueueConnection } from "./connection.ts"
import { readRecord } from "./events.ts"
import { recordStream } from "./outbox.ts"
import { createRecordGroup, type Entries, isGroupMissing } from "./record-group.ts"

export interface ReadRecord {
  /** For `ack`. */
  id: string
  record: ExecutionRecord
}

/** One of the readers of a group, which share the records among them: each goes to one, until acknowledged. */
export interface RecordReader {
  /** Records that did not parse and were dropped. */
  readonly malformed: number
  /**
   * Up to `count` records, waiting at most `blockMs` (10,000 at most) for the first. Records that a reader of
   * the group took 10 s ago and never acknowledged come again, to any of them. Empty when there is none, or
   * when closed. One call at a time.
   * @throws AppError redis_unavailable
   */
  read(options: { count: number; blockMs: number }): Promise<ReadRecord[]>
  /** Done with these: they are removed. @throws AppError redis_unavailable */
  ack(ids: string[]): Promise<void>
  /** Ends a pending `read` at once. */
  close(): Promise<void>
}

export interface RecordReaderOptions {
  group: string
  /** Name of this reader within the group. */
  consumer: string
  /** Time after which a record that was taken and not acknowledged is taken again; default 10,000. */
  claimAfterMs?: number
}

const MAX_BLOCK_MS = 10_000

// Of a gateway that was killed the history lacks what it had taken, for this long. A batch is stored within
// milliseconds, and one that was not is stored twice at worst, which changes nothing.
const CLAIM_AFTER_MS = 10_000

/** The group is made when it is missing and begins with the oldest record there is. */
export function openRecordReader(connection: QueueConnection, options: RecordReaderOptions): RecordReader {
  const { commands, log, prefix } = connection
  const { group, consumer, claimAfterMs = CLAIM_AFTER_MS } = options
  const stream = recordStream(prefix)
  // A read that was cut off is not repeated: nobody would get what it takes.
  const blocking = connection.openCommands("records", { maxRetriesPerRequest: 0 })
  const entries = createRecordGroup(blocking, { stream, group, consumer, claimAfterMs })
  let isClosed = false
  let malformed = 0

  async function ack(ids: string[]): Promise<void> {
    if (ids.length === 0) return
    await commands.run((client) =>
      execPipeline(
        client
          .pipeline()
          .xack(stream, group, ...ids)
          .xdel(stream, ...ids),
      ),
    )
  }

  async function keepReadable(taken: Entries): Promise<ReadRecord[]> {
    const read = taken.map(([id, fields]) => ({ id, record: readRecord(fields?.[1] ?? "", log) }))
    const broken = read.filter(({ record }) => record === undefined)
    malformed += broken.length
    await ack(broken.map(({ id }) => id))
    return read.flatMap(({ id, record }) => (record ? [{ id, record }] : []))
  }

  async function read({ count, blockMs }: { count: number; blockMs: number }): Promise<ReadRecord[]> {
    try {
      const claimed = await entries.claim(count)
      const boundedMs = Math.min(Math.max(blockMs, 1), MAX_BLOCK_MS)
      return await keepReadable(claimed.length > 0 ? claimed : await entries.take(count, boundedMs))
    } catch (error) {
      if (isClosed) return []
      if (!isGroupMissing(error)) throw error
      await entries.create()
      return read({ count, blockMs })
    }
  }

  return {
    get malformed() {
      return malformed
    },
    read,
    ack,
    close: async () => {
      isClosed = true
      blocking.client.disconnect()
    },
  }
}
