import { rm } from "node:fs/promises"
import { join } from "node:path"
import { type PrivateRedis, startRedis } from "../scripts/redis.ts"

/** A Redis that keeps its data over `stop` and `start`, and can be made to forget it. */
export interface RedisProcess {
  url: string
  stop(): Promise<void>
  start(): Promise<void>
  /** While it is stopped: the next start finds nothing. */
  wipe(): Promise<void>
}

export async function startOwnRedis(dir: string): Promise<RedisProcess> {
  const settings = { dir, persistence: "append_only" } as const
  let running: PrivateRedis | undefined = await startRedis(settings)
  return {
    url: running.url,
    stop: async () => {
      await running?.close()
      running = undefined
    },
    start: async () => {
      running = await startRedis(settings)
    },
    wipe: () => rm(join(dir, "appendonlydir"), { recursive: true, force: true }),
  }
}
