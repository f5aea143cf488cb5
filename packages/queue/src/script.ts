import { createHash } from "node:crypto"
import type { Redis } from "ioredis"

/** Runs a Lua script in one step of Redis. */
export type Script = (
  client: Redis,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>

/** Sends the text only to a Redis that does not know it yet; otherwise its digest stands for it. */
export function createScript(lua: string): Script {
  const digest = createHash("sha1").update(lua).digest("hex")
  return async (client, keys, args) => {
    try {
      return await client.evalsha(digest, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error
      return client.eval(lua, keys.length, ...keys, ...args)
    }
  }
}
