import type { ExecutionRecord } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"
import { readRecord } from "./events.ts"
import { recordChannel } from "./outbox.ts"

// What a slow follower may be behind; older records are dropped.
const MAX_BEHIND = 1_000

/**
 * Records as they are appended, from when the promise resolves until `signal` aborts, over a connection of its
 * own. Best effort: a follower who is too slow, or whose connection is lost for a moment, misses some.
 * @throws AppError redis_unavailable when it cannot listen
 */
export async function followRecords(
  connection: QueueConnection,
  { signal }: { signal: AbortSignal },
): Promise<AsyncIterable<ExecutionRecord>> {
  const { client, run } = connection.openCommands("follow")
  const received: string[] = []
  let wake = () => {}
  const stop = () => {
    client.disconnect()
    wake()
  }
  client.on("message", (_channel, text) => {
    received.push(text)
    if (received.length > MAX_BEHIND) received.shift()
    wake()
  })
  signal.addEventListener("abort", stop, { once: true })
  try {
    await run(() => client.subscribe(recordChannel(connection.prefix)))
  } catch (error) {
    client.disconnect()
    throw error
  }
  if (signal.aborted) client.disconnect()

  async function* records() {
    try {
      while (!signal.aborted) {
        const text = received.shift()
        if (text === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        const record = readRecord(text, connection.log)
        if (record) yield record
      }
    } finally {
      signal.removeEventListener("abort", stop)
      client.disconnect()
    }
  }
  return records()
}
