import type { ExecutionRecord } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"

/** Adds to the stream that the history reads, and tells those who follow. The oldest records beyond
 * `maxStreamLength` go. */
export declare function appendRecords(
  connection: QueueConnection,
  options: { maxStreamLength: number },
  records: ExecutionRecord[],
): Promise<void>

/** What is appended from now on, as it happens; ends when `signal` aborts. */
export declare function followRecords(
  connection: QueueConnection,
  options: { signal: AbortSignal },
): AsyncIterable<ExecutionRecord>
