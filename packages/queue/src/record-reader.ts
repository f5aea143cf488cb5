import type { ExecutionRecord } from "@hooklane/core"
import { z } from "zod"
import { execPipeline } from "./commands.ts"
import type { QueueConnection } from "./connection.ts"
import { readRecord, recordStream } from "./events.ts"

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
   * the group took 30 s ago and never acknowledged come again, to any of them. Empty when there is none, or
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
  /** Time after which a record that was taken and not acknowledged is taken again; default 30,000. */
  claimAfterMs?: number
}

const MAX_BLOCK_MS = 10_000

// Time for the answer to a blocking read beyond its own.
const ANSWER_MS = 2_000

const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string()).nullable()]))
const readSchema = z.array(z.tuple([z.string(), entriesSchema])).nullable()
const claimSchema = z.tuple([z.string(), entriesSchema]).rest(z.unknown())
type Entries = z.infer<typeof entriesSchema>

/** The group is made when it is missing and begins with the oldest record there is. */
export function openRecordReader(connection: QueueConnection, options: RecordReaderOptions): RecordReader {
  const { commands, log } = connection
  const { group, consumer, claimAfterMs = 30_000 } = options
  const stream = recordStream(connection.prefix)
  // A read that was cut off is not repeated: nobody would get what it takes.
  const blocking = connection.openCommands("records", { maxRetriesPerRequest: 0 })
  let isClosed = false
  let malformed = 0
  let claimAt = 0
  let claimFrom = "0-0"

  async function claim(count: number): Promise<Entries> {
    if (Date.now() < claimAt) return []
    const answer = await blocking.run((client) =>
      client.xautoclaim(stream, group, consumer, claimAfterMs, claimFrom, "COUNT", count),
    )
    const [next, entries] = claimSchema.parse(answer)
    claimFrom = next
    if (next === "0-0") claimAt = Date.now() + claimAfterMs / 6
    return entries
  }

  async function take(count: number, blockMs: number): Promise<Entries> {
    const answer = await blocking.run(
      (client) =>
        client.xreadgroup("GROUP", group, consumer, "COUNT", count, "BLOCK", blockMs, "STREAMS", stream, ">"),
      blockMs + ANSWER_MS,
    )
    return (readSchema.parse(answer) ?? []).flatMap(([, entries]) => entries)
  }

  async function ack(ids: string[]): Promise<void> {
    if (ids.length === 0) return
    await commands.run((client) =>
      execPipeline(client.pipeline().xack(stream, group, ...ids).xdel(stream, ...ids)),
    )
  }

  async function keepReadable(entries: Entries): Promise<ReadRecord[]> {
    const read = entries.map(([id, fields]) => ({ id, record: readRecord(fields?.[1] ?? "", log) }))
    const broken = read.filter(({ record }) => record === undefined)
    malformed += broken.length
    await ack(broken.map(({ id }) => id))
    return read.flatMap(({ id, record }) => (record ? [{ id, record }] : []))
  }

  async function read(wanted: { count: number; blockMs: number }): Promise<ReadRecord[]> {
    const blockMs = Math.min(Math.max(wanted.blockMs, 1), MAX_BLOCK_MS)
    try {
      const claimed = await claim(wanted.count)
      return await keepReadable(claimed.length > 0 ? claimed : await take(wanted.count, blockMs))
    } catch (error) {
      if (isClosed) return []
      if (!isGroupMissing(error)) throw error
      await createGroup()
      return read(wanted)
    }
  }

  async function createGroup(): Promise<void> {
    try {
      await commands.run((client) => client.xgroup("CREATE", stream, group, "0", "MKSTREAM"))
    } catch (error) {
      if (!isReply(error, /^BUSYGROUP /)) throw error
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

/** Also when the stream went away while it was being read. */
function isGroupMissing(error: unknown): boolean {
  return isReply(error, /^(NOGROUP|UNBLOCKED) /)
}

function isReply(error: unknown, pattern: RegExp): boolean {
  return error instanceof Error && pattern.test(error.message)
}
