import { type ExecutionRecord, executionRecordSchema } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"
import type { Log } from "./log.ts"
import { parseText } from "./parse-text.ts"

/**
 * Adds to the stream that the history reads, and tells those who follow. The oldest records beyond about
 * `maxStreamLength` go.
 * @throws AppError redis_unavailable
 */
export async function appendRecords(
  { outbox }: QueueConnection,
  { maxStreamLength }: { maxStreamLength: number },
  records: ExecutionRecord[],
): Promise<void> {
  await Promise.all(
    records.map((record) => outbox.send({ kind: "record", text: JSON.stringify(record), maxStreamLength })),
  )
}

/** The record in `text`; undefined, and a line in the log, when it is none. */
export function readRecord(text: string, log: Log): ExecutionRecord | undefined {
  return parseText(executionRecordSchema, text, { log, complaint: "execution record does not parse" })
}
