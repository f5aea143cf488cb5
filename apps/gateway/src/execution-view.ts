import { z } from "@hono/zod-openapi"
import {
  answeredBySchema,
  executionStatusSchema,
  failureSchema,
  isFinal,
  killSchema,
  logLineSchema,
  outboundCallSchema,
  triggerIdSchema,
} from "@hooklane/core"
import type { ExecutionAttempt, ExecutionDetail, ExecutionSummary } from "@hooklane/storage"

const timeSchema = z.iso.datetime().describe("ISO 8601, UTC")

const errorSchema = z.object({
  name: z.string(),
  message: z.string(),
  stack: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional().describe("Further properties of the hook's error"),
  thrown: z.enum(["sync", "async"]).optional().describe("Of an exception: out of the call itself, or later"),
})

/** An execution as the API's lists show it. */
export const executionSummarySchema = z
  .object({
    id: z.string(),
    triggerId: triggerIdSchema,
    hookId: z.string(),
    hookName: z.string(),
    versionId: z.string(),
    status: executionStatusSchema,
    failure: failureSchema.nullable(),
    answeredBy: answeredBySchema
      .nullable()
      .describe("Of a failed synchronous execution: what its caller was answered in place of the hook"),
    acceptedAt: timeSchema,
    finishedAt: timeSchema.nullable(),
    nextAttemptAt: timeSchema.nullable(),
    replayOf: z.string().nullable().describe("The execution whose event this one was made from"),
    attemptsMade: z.int(),
    runMs: z.number().describe("Time in user code, all attempts together"),
  })
  .openapi("ExecutionSummary")

const lineSchema = logLineSchema.extend({ at: timeSchema })

const attemptViewSchema = z.object({
  attempt: z.int(),
  workerId: z.string(),
  startedAt: timeSchema,
  queueMs: z.number().describe("From being runnable to being started"),
  runMs: z.number(),
  failure: failureSchema.nullable(),
  error: errorSchema.nullable(),
  logs: z.array(lineSchema),
  logsTruncated: z.boolean(),
  calls: z
    .array(outboundCallSchema.extend({ at: timeSchema }))
    .nullable()
    .describe("Connections that the hook asked for, the refused ones too; null when there were none"),
  kill: killSchema
    .extend({ lastOutput: z.array(lineSchema) })
    .nullable()
    .describe("What is known of a run that was stopped from outside"),
  afterAnswer: z
    .object({
      ms: z
        .number()
        .nullable()
        .describe("From the answer to the end; null while it goes on, or when its worker died before"),
      cut: z.array(z.string()).describe("What was open at the end, such as `2 timers`"),
      error: errorSchema.nullable().describe("What went wrong meanwhile"),
    })
    .nullable()
    .describe("What the run did after its answer; null when the answer was its end"),
})

/** An execution with its attempts, as `GET /v1/executions/{id}` answers it. */
export const executionDetailSchema = executionSummarySchema
  .extend({ error: errorSchema.nullable(), attempts: z.array(attemptViewSchema) })
  .openapi("Execution")

export function viewSummary(summary: ExecutionSummary): z.infer<typeof executionSummarySchema> {
  return {
    ...head(summary),
    attemptsMade: summary.attemptsMade,
    runMs: summary.runMs,
  }
}

export function viewDetail(detail: ExecutionDetail): z.infer<typeof executionDetailSchema> {
  return {
    ...head(detail),
    attemptsMade: detail.attempts.length,
    runMs: detail.attempts.reduce((sum, attempt) => sum + attempt.runMs, 0),
    error: detail.error,
    attempts: detail.attempts.map(viewAttempt),
  }
}

function head(row: Omit<ExecutionSummary, "attemptsMade" | "runMs">) {
  return {
    id: row.executionId,
    triggerId: row.triggerId,
    hookId: row.hookId,
    hookName: row.hookName,
    versionId: row.versionId,
    status: row.status,
    failure: row.failure,
    answeredBy: row.answeredBy,
    acceptedAt: row.acceptedAt.toISOString(),
    finishedAt: isFinal(row.status) ? row.statusAt.toISOString() : null,
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    replayOf: row.replayOf,
  }
}

function viewAttempt({
  afterAnswer,
  afterAnswerMs,
  ...row
}: ExecutionAttempt): z.infer<typeof attemptViewSchema> {
  return {
    ...row,
    startedAt: row.startedAt.toISOString(),
    logs: row.logs.map(withTime),
    calls: row.calls?.map(withTime) ?? null,
    afterAnswer: afterAnswer && {
      ms: afterAnswerMs,
      cut: afterAnswer.cut,
      error: afterAnswer.error ?? null,
    },
    kill: row.kill && { ...row.kill, lastOutput: row.kill.lastOutput.map(withTime) },
  }
}

function withTime<Timed extends { at: number }>(one: Timed): Omit<Timed, "at"> & { at: string } {
  return { ...one, at: new Date(one.at).toISOString() }
}
