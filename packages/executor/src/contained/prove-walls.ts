import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import type { Pool } from "./pool.ts"
import { threadFlags, threadLimits } from "./thread-flags.ts"

export interface ProofOptions {
  /** One that nobody may connect to. */
  port: number
  heapMb: number
}

/**
 * Tries what no thread of this process may be able to do. Resolves with the walls that are down, while the thread
 * that tried is still there: a process with one more of them shows how much address space each takes.
 */
export async function proveWalls(pool: Pool, { port, heapMb }: ProofOptions): Promise<string[]> {
  const [flags, lockdown] = await Promise.all([proveFlags({ port, heapMb }), pool.proveLockdown()])
  return [...flags, ...lockdown, ...ownPowers()]
}

async function proveFlags({ port, heapMb }: ProofOptions): Promise<string[]> {
  const file = fileURLToPath(new URL(import.meta.resolve("./prove-flags.ts")))
  const thread = new Worker(file, {
    execArgv: threadFlags(import.meta.dirname),
    resourceLimits: threadLimits(heapMb),
    env: {},
    workerData: port,
  })
  const [down] = await once(thread, "message")
  return down
}

/** This thread starts others; it reads one folder and must not do more. */
function ownPowers(): string[] {
  const { permission } = process
  if (!permission) return ["the process has no permission model (--permission)"]
  const refused = ["child", "net", "addon", "wasi", "inspector", "fs.write"]
  const held = refused.filter((scope) => permission.has(scope))
  if (permission.has("fs.read", "/")) held.push("fs.read")
  return held.map((scope) => `the process has the permission ${scope} (--permission)`)
}
