import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { startRedis } from "./redis.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The Redis of this test run. Use a prefix of your own per test and remove its keys. */
    redisUrl: string
  }
}

/** One Redis for the whole run, in memory and in a folder that goes with it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-test-redis-"))
  const redis = await startRedis({ dir, persistence: "none" })
  project.provide("redisUrl", redis.url)
  return async () => {
    await redis.close()
    await rm(dir, { recursive: true, force: true })
  }
}
