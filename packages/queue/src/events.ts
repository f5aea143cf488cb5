import { type ExecutionRecord, executionRecordSchema } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"
import type { Log } from "./log.ts"
import { parseText } from "./parse-text.ts"

/** Stream from which the history is fed. */
export function recordStream(prefix: string): string {
  return `${prefix}:records`
}

/** Channel on which each record is heard as it is appended. */
export function recordChannel(prefix: string): string {
  return `${prefix}:follow`
}

// The history removes what it has read, so those who follow get each record over a channel of their own. In
// one script, so that a record crosses the wire once.
const APPEND = `
  for i = 3, #ARGV do
    redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[1], "*", "record", ARGV[i])
    redis.call("PUBLISH", ARGV[2], ARGV[i])
  end`

/**
 * Adds to the stream that the history reads, and tells those who follow. The oldest records beyond about
 * `maxStreamLength` go.
 * @throws AppError redis_unavailable
 */
export async function appendRecords(
  { prefix, commands }: QueueConnection,
  { maxStreamLength }: { maxStreamLength: number },
  records: ExecutionRecord[],
): Promise<void> {
  if (records.length === 0) return
  const texts = records.map((record) => JSON.stringify(record))
  await commands.run((client) =>
    client.eval(APPEND, 1, recordStream(prefix), maxStreamLength, recordChannel(prefix), ...texts),
  )
}

/** The record in `text`; undefined, and a line in the log, when it is none. */
export function readRecord(text: string, log: Log): ExecutionRecord | undefined {
  return parseText(executionRecordSchema, text, { log, complaint: "execution record does not parse" })
}
