import type { QueueConnection } from "./connection.ts"
import { recordStream } from "./outbox.ts"

/**
 * A mark behind the last record that was appended; undefined when the history has stored all of them.
 * @throws AppError redis_unavailable
 */
export async function markRecords({ commands, prefix }: QueueConnection): Promise<string | undefined> {
  const [last] = await commands.run((client) => client.xrevrange(recordStream(prefix), "+", "-", "COUNT", 1))
  return last?.[0]
}

/**
 * Whether the history has stored every record before the mark.
 * @throws AppError redis_unavailable
 */
export async function isStoredUpTo({ commands, prefix }: QueueConnection, mark: string): Promise<boolean> {
  const left = await commands.run((client) => client.xrange(recordStream(prefix), "-", mark, "COUNT", 1))
  return left.length === 0
}
