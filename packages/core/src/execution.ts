import { z } from "zod"
import { hookErrorSchema, killSchema, logLineSchema, outboundCallSchema } from "./outcome.ts"
import { triggerIdSchema } from "./triggers/trigger.ts"

/**
 * Where an execution stands. `queued`, `running` and `retrying` (waiting for its next attempt) will change;
 * `succeeded`, `failed` (a synchronous one: it has no second attempt), `dead_letter` and `cancelled` are final.
 */
export const EXECUTION_STATUSES = [
  "queued",
  "running",
  "retrying",
  "succeeded",
  "failed",
  "dead_letter",
  "cancelled",
] as const

export const executionStatusSchema = z.enum(EXECUTION_STATUSES)
export type ExecutionStatus = z.infer<typeof executionStatusSchema>

const FINAL: ReadonlySet<ExecutionStatus> = new Set(["succeeded", "failed", "dead_letter", "cancelled"])

export function isFinal(status: ExecutionStatus): boolean {
  return FINAL.has(status)
}

/**
 * Why an attempt, or a whole execution, did not succeed: an outcome of user code, or one of ours. `interrupted`: its
 * worker was told to stop. `lost`: how it ended is not known, because neither a lane nor the history can tell.
 * `executor_lost`, `no_executor`, `paused`: see `outcomeSchema`; none of them says anything against the event.
 * `not_ready`, `overloaded`, `redis_unavailable`, `circuit_open`: it was refused before it began, and answered by its
 * hook's failure policy.
 */
export const FAILURES = [
  "rejected",
  "threw",
  "not_compiled",
  "invalid_result",
  "timed_out",
  "out_of_memory",
  "crashed",
  "cancelled",
  "expired",
  "no_worker",
  "worker_lost",
  "executor_lost",
  "no_executor",
  "paused",
  "interrupted",
  "lost",
  "late",
  "snapshot_missing",
  "bundle_failed",
  "not_ready",
  "overloaded",
  "redis_unavailable",
  "circuit_open",
  "internal_error",
] as const
export const failureSchema = z.enum(FAILURES)
export type Failure = z.infer<typeof failureSchema>

/** What answered the caller of a failed synchronous execution in place of its hook. */
export const ANSWERED_BY = ["open", "fallback"] as const
export const answeredBySchema = z.enum(ANSWERED_BY)
export type AnsweredBy = z.infer<typeof answeredBySchema>

/** What identifies an execution; every record about it carries this head, so records can be stored alone. */
export const executionHeadSchema = z.strictObject({
  executionId: z.string(),
  triggerId: triggerIdSchema,
  hookId: z.string(),
  hookName: z.string(),
  versionId: z.string(),
  acceptedAt: z.number(),
  replayOf: z.string().optional(),
})
export type ExecutionHead = z.infer<typeof executionHeadSchema>

export const afterAnswerRecordSchema = z.strictObject({
  /** What was open at its end, in words. */
  cut: z.array(z.string()),
  /** What went wrong meanwhile. Of a synchronous execution, it changes nothing in the answer. */
  error: hookErrorSchema.optional(),
})
export type AfterAnswerRecord = z.infer<typeof afterAnswerRecordSchema>

/** One try, with its times in epoch milliseconds or milliseconds. */
export const attemptSchema = z.strictObject({
  attempt: z.int().min(1),
  workerId: z.string(),
  startedAt: z.number(),
  /** From being runnable to being started. */
  queueMs: z.number(),
  runMs: z.number(),
  failure: failureSchema.optional(),
  error: hookErrorSchema.optional(),
  logs: z.array(logLineSchema),
  logsTruncated: z.boolean(),
  calls: z.array(outboundCallSchema).optional(),
  kill: killSchema.optional(),
  /** What it did after its answer; absent when its answer was its end. */
  afterAnswer: afterAnswerRecordSchema.optional(),
  /** From the answer to the end; absent while it goes on, and for ever when its worker died before it could tell. */
  afterAnswerMs: z.number().optional(),
})
export type Attempt = z.infer<typeof attemptSchema>

/**
 * What happened to an execution, as it travels over the event stream. `attempt` is present when user code was
 * tried (or its worker was lost); `nextAttemptAt` when it will be tried again.
 */
export const executionRecordSchema = z.strictObject({
  head: executionHeadSchema,
  at: z.number(),
  status: executionStatusSchema,
  attempt: attemptSchema.optional(),
  nextAttemptAt: z.number().optional(),
  failure: failureSchema.optional(),
  error: hookErrorSchema.optional(),
  /** Such a record comes beside the one that says how the run ended, unless nothing was run. */
  answeredBy: answeredBySchema.optional(),
})
export type ExecutionRecord = z.infer<typeof executionRecordSchema>
