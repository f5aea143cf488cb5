import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type PrivateRedis, startRedis } from "../../scripts/redis.ts"

/** A running service with a Redis of its own, and how to ask it. */
export interface Contestant {
  name: string
  port: number
  /** Whole requests: one that waits for the hook's answer, one that only has its event stored. */
  syncRequest: Buffer
  asyncRequest: Buffer
  redisUrl: string
  /** List of the asynchronous jobs that wait. */
  asyncWaitKey: string
  pids: { gateway: number; workers: number[]; redis: number }
  close(): Promise<void>
}

export interface Ground {
  dir: string
  redis: PrivateRedis
  clear(): Promise<void>
}

/** Beyond what the path of a unix socket may have, Redis listens on a port. */
const TOO_LONG_FOR_A_SOCKET = "x".repeat(120)

/** A folder and a Redis without persistence for one contestant; both go with `clear`. */
export async function layGround({
  redisOn = "socket",
}: {
  redisOn?: "socket" | "port"
} = {}): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-bench-"))
  const redisDir = join(dir, redisOn === "socket" ? "redis" : TOO_LONG_FOR_A_SOCKET)
  const redis = await startRedis({ dir: redisDir, persistence: "none" })
  return {
    dir,
    redis,
    clear: async () => {
      await redis.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
