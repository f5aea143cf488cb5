import { z } from "zod"
import { type ExecutionHead, executionHeadSchema, failureSchema } from "./execution.ts"
import { jsonSchema } from "./json.ts"
import { hookErrorSchema } from "./outcome.ts"

/** The queue's message that brings an execution to a worker. Times are epoch milliseconds. */
export const jobSchema = z.strictObject({
  ...executionHeadSchema.shape,
  /** The event as JSON, sealed with the key ring under `eventContext(executionId)`. */
  sealedEvent: z.string(),
  /** Synchronous jobs only: after this moment nobody waits, so the job is dropped unstarted. */
  deadlineAt: z.number().optional(),
  /** Synchronous jobs only: the reply address of the gateway that waits. */
  replyTo: z.string().optional(),
  /** W3C trace context of the caller, carried through to the run. */
  traceparent: z.string().optional(),
})
export type Job = z.infer<typeof jobSchema>

/** The answer of a synchronous job: what the hook gave, or how it failed. */
export const replySchema = z.discriminatedUnion("status", [
  z.strictObject({
    status: z.literal("succeeded"),
    value: jsonSchema.optional(),
    runMs: z.number(),
  }),
  z.strictObject({
    status: z.literal("failed"),
    failure: failureSchema,
    error: hookErrorSchema,
    runMs: z.number(),
  }),
])
export type Reply = z.infer<typeof replySchema>

/** Binds a sealed event to its execution. */
export function eventContext(executionId: string): string {
  return `event:${executionId}`
}

/** Binds a sealed reply to its execution. */
export function replyContext(executionId: string): string {
  return `reply:${executionId}`
}

/**
 * How long a gateway still listens after a deadline, in ms: the time in which the answer "stopped at the
 * deadline" comes through. Half of the second that the caller of a synchronous trigger is promised.
 */
export const REPLY_GRACE_MS = 500

/** The head of the job's execution, as its records carry it. */
export function executionHead(job: Job): ExecutionHead {
  const { executionId, triggerId, hookId, hookName, versionId, acceptedAt, replayOf } = job
  return { executionId, triggerId, hookId, hookName, versionId, acceptedAt, ...(replayOf && { replayOf }) }
}
