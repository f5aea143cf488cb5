import { randomUUID } from "node:crypto"
import type { QueueConnection } from "./connection.ts"

/** How gateways that share a database tell each other that hooks have changed. */
export interface HookChanges {
  /**
   * A text that is another one after each announcement that was over before this call, whoever made it, and after
   * Redis has lost its data. All who ask within one turn of the event loop share one read.
   * @throws AppError redis_unavailable
   */
  mark(): Promise<string>
  /**
   * Resolves when every gateway will see the change with the next event that it is sent. What could not be announced
   * is made up for by the next `mark`.
   * @throws AppError redis_unavailable
   */
  announce(): Promise<void>
}

export function openHookChanges({
  commands,
  prefix,
}: Pick<QueueConnection, "commands" | "prefix">): HookChanges {
  const key = `${prefix}:hooks-mark`
  let isOwed = false
  let asked: Promise<string> | undefined

  async function announce(): Promise<void> {
    isOwed = true
    await commands.run((client) => client.set(key, randomUUID()))
    isOwed = false
  }

  async function read(): Promise<string> {
    if (isOwed) await announce()
    const mark = await commands.run((client) => client.get(key))
    if (mark !== null) return mark
    await commands.run((client) => client.set(key, randomUUID(), "NX"))
    return read()
  }

  return {
    announce,
    mark: () => {
      if (!asked) {
        asked = read()
        // What is asked within this turn is about events that came before the read leaves.
        setImmediate(() => {
          asked = undefined
        })
      }
      return asked
    },
  }
}
