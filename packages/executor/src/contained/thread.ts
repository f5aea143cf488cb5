import { workerData } from "node:worker_threads"
import { createHookRunner } from "./hook-runner.ts"
import type { ThreadTask } from "./thread-protocol.ts"

/** The entry of a pool thread: its pool calls `run` with one task at a time. */
const runner = createHookRunner(workerData)

process.on("uncaughtException", runner.fault)
process.on("unhandledRejection", runner.fault)

export async function run(task: ThreadTask): Promise<void> {
  if (task.kind === "run") await runner.run(task)
}
