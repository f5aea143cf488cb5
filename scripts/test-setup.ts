import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { PlainError } from "./bootstrap/steps.mjs"
import { findBwrapHere } from "./bwrap.ts"
import { startPostgres } from "./postgres.ts"
import { startRedis } from "./redis.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The Redis of this test run. Use a prefix of your own per test and remove its keys. */
    redisUrl: string
    /** The PostgreSQL of this test run, or why there is none. Make a database of your own per test. */
    postgres: { url: string } | { missing: string }
  }
}

/** One Redis and one PostgreSQL for the whole run, gone with it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [redis, postgres] = await Promise.all([provideRedis(), providePostgres(), provideBwrap()])
  project.provide("redisUrl", redis.url)
  project.provide("postgres", postgres.provided)
  return async () => {
    await Promise.all([redis.close(), postgres.close()])
  }
}

async function provideRedis() {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-test-redis-"))
  const redis = await startRedis({ dir, persistence: "none" })
  const close = async () => {
    await redis.close()
    await rm(dir, { recursive: true, force: true })
  }
  return { url: redis.url, close }
}

/** Executors of tests are walled in as those of `npm start` are; the processes of tests inherit the variable. */
async function provideBwrap(): Promise<void> {
  const found = await findBwrapHere()
  if ("path" in found) process.env["HOOKLANE_BWRAP"] ??= found.path
  else process.stderr.write(`There is no bubblewrap (${found.missing}).\n`)
}

/** A machine without PostgreSQL runs the other tests; where it must not be missing, in CI, that is a failure. */
async function providePostgres() {
  try {
    const { url, close } = await startPostgres()
    return { provided: { url }, close }
  } catch (error) {
    if (process.env["CI"] || !(error instanceof PlainError)) throw error
    process.stderr.write(`${error.message}\nTests on PostgreSQL are skipped.\n`)
    return { provided: { missing: error.message }, close: async () => {} }
  }
}
