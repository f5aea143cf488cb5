import { triggerIdSchema } from "@hooklane/core"
import { z } from "zod"
import type { QueueConnection } from "./connection.ts"

/** A worker process as it announces itself. */
export const workerInfoSchema = z.strictObject({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  threads: z.int(),
  version: z.string(),
  lanes: z.array(triggerIdSchema),
})
export type WorkerInfo = z.infer<typeof workerInfoSchema>

/** Announces `worker` now and every `intervalMs` (default 2,000); it counts as gone after four of them. */
export declare function announceWorker(
  connection: QueueConnection,
  worker: WorkerInfo,
  options?: { intervalMs: number },
): { close(): Promise<void> }

/** @throws AppError redis_unavailable */
export declare function listWorkers(connection: QueueConnection): Promise<WorkerInfo[]>
