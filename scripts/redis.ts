import { join } from "node:path"
import { keepTail, spawnTethered } from "./launcher/tether.ts"
import { findRedis } from "./redis/find-redis.ts"
import { planRedis, type RedisSettings } from "./redis/plan-redis.ts"
import { redisUrl } from "./redis/redis-address.ts"
import type { RedisProgram } from "./redis/redis-program.ts"
import { waitForPreviousRedis, waitForRedis } from "./redis/wait-for-redis.ts"

export interface PrivateRedis {
  /** Address as REDIS_URL takes it: `unix://`, or `redis://` where the folder's path is too long for a socket. */
  url: string
  pid: number
  close(): Promise<void>
}

/**
 * Starts a Redis that only this user can reach and that dies with this process. Finds or fetches the program when
 * the machine has none.
 * @throws Error with Redis's own words when it does not come up
 */
export async function startRedis(settings: RedisSettings): Promise<PrivateRedis> {
  const plan = await planRedis(await findRedisHere(), settings)
  await waitForPreviousRedis(plan.address)
  const server = await spawnTethered(plan.command)
  const output = keepTail(server)
  const gone = new AbortController()
  void server.exited.then(({ code }) => gone.abort(new Error(`Redis ended with ${code}:\n${output()}`)))
  try {
    await waitForRedis(plan.address, { signal: gone.signal })
  } catch (error) {
    server.kill()
    throw error
  }
  const close = async () => {
    server.terminate()
    await server.exited
  }
  return { url: redisUrl(plan.address), pid: server.pid, close }
}

/** What this machine has on PATH or can fetch; downloads are kept in the clone and shared by all its commands. */
export function findRedisHere(note: (text: string) => void = () => {}): Promise<RedisProgram> {
  const cacheDir = join(import.meta.dirname, "../.cache/redis")
  return findRedis({ path: process.env["PATH"] ?? "", cacheDir, note })
}
