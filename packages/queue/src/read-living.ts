import type { z } from "zod"
import type { QueueConnection } from "./connection.ts"
import { parseText } from "./parse-text.ts"

export interface LivingOptions<Value> {
  /** A set of ids. */
  idsKey: string
  /** What each of them says of itself, and that is gone soon after its process is. */
  keyOf(id: string): string
  schema: z.ZodType<Value>
  /** For the log, when something else is there. */
  complaint: string
}

/**
 * What those processes say that are there, in no order; the ids of the others are removed.
 * @throws AppError redis_unavailable
 */
export async function readLiving<Value>(
  { commands, log }: QueueConnection,
  { idsKey, keyOf, schema, complaint }: LivingOptions<Value>,
): Promise<Value[]> {
  const ids = await commands.run((client) => client.smembers(idsKey))
  if (ids.length === 0) return []
  const texts = await commands.run((client) => client.mget(ids.map(keyOf)))
  const gone = ids.filter((_id, index) => !texts[index])
  if (gone.length > 0) await commands.run((client) => client.srem(idsKey, ...gone))
  return texts.flatMap((text) => {
    const value = text ? parseText(schema, text, { log, complaint }) : undefined
    return value === undefined ? [] : [value]
  })
}
