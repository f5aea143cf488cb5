import type { ExecutionRecord } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"

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
   * Up to `count` records, waiting at most `blockMs` (10,000 at most) for the first. Records that some reader
   * of the group took 30 s ago and never acknowledged come again. Empty when there is none, or when closed.
   * @throws AppError redis_unavailable
   */
  read(options: { count: number; blockMs: number }): Promise<ReadRecord[]>
  /** Done with: the records are removed. @throws AppError redis_unavailable */
  ack(ids: string[]): Promise<void>
  /** Ends a pending `read` at once. */
  close(): Promise<void>
}

export declare function openRecordReader(
  connection: QueueConnection,
  options: { group: string; consumer: string },
): RecordReader
