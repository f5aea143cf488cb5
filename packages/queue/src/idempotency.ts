import { z } from "zod"
import type { QueueConnection } from "./connection.ts"

/** What is known of an idempotency key. */
const keyStateSchema = z.strictObject({
  executionId: z.string(),
  /** Of the request that took the key: the same key with another request is a mistake. */
  fingerprint: z.string(),
  /** The answer it was given, once there is one; opaque here. */
  answer: z.string().optional(),
})
export type KeyState = z.infer<typeof keyStateSchema>

export interface KeyWrite {
  key: string
  state: KeyState
  /** How long it is remembered. */
  ttlSeconds: number
}

/**
 * Takes a key for a request; of several that try at once exactly one succeeds and gets undefined. The others get
 * what is known of it.
 * @throws AppError redis_unavailable
 */
export async function takeKey(connection: QueueConnection, write: KeyWrite): Promise<KeyState | undefined> {
  const { commands, prefix } = connection
  const key = redisKey(prefix, write.key)
  const taken = await commands.run((client) =>
    client.set(key, JSON.stringify(write.state), "EX", write.ttlSeconds, "NX"),
  )
  if (taken === "OK") return undefined
  const known = await commands.run((client) => client.get(key))
  // It expired between the two commands: it is free again.
  return known === null ? takeKey(connection, write) : keyStateSchema.parse(JSON.parse(known))
}

/** Remembers the answer of the request that took the key. @throws AppError redis_unavailable */
export async function answerKey({ commands, prefix }: QueueConnection, write: KeyWrite): Promise<void> {
  const key = redisKey(prefix, write.key)
  await commands.run((client) => client.set(key, JSON.stringify(write.state), "EX", write.ttlSeconds))
}

/** Gives `key` back: the request that took it left nothing behind. @throws AppError redis_unavailable */
export async function freeKey({ commands, prefix }: QueueConnection, key: string): Promise<void> {
  await commands.run((client) => client.del(redisKey(prefix, key)))
}

function redisKey(prefix: string, key: string): string {
  return `${prefix}:idempotency:${key}`
}
