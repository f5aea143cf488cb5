import { workerData } from "node:worker_threads"
import { createHookRunner } from "./hook-runner.ts"
import { lockDown } from "./lockdown.ts"
import { proveLockdown } from "./prove-lockdown.ts"
import { serve } from "./serve.ts"
import type { ThreadTask } from "./thread-protocol.ts"

/** The entry of a pool thread: its pool calls `run` with one task at a time. */
const runner = createHookRunner(workerData)

process.on("uncaughtException", runner.fault)
process.on("unhandledRejection", runner.fault)

const ownProcess = process
let isLocked = false

export async function run(task: ThreadTask): Promise<string[] | undefined> {
  // Not while this module loads: the pool still needs what is taken away, to say that the thread is up.
  if (!isLocked) {
    isLocked = true
    lockDown()
    runner.open()
  }
  if (task.kind === "serve") await serve(runner, task)
  if (task.kind === "prove") return proveLockdown(ownProcess)
  return undefined
}
