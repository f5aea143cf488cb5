import { AppError } from "@hooklane/core"
import type { Executors, ExecutorsOptions } from "./run-task.ts"

/** Starts the processes that run hooks, and keeps a blank one ready. */
export async function startExecutors(_options: ExecutorsOptions): Promise<Executors> {
  throw new AppError("internal_error", "Executors are not built yet")
}
