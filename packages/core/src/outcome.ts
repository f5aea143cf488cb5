import { z } from "zod"
import { jsonSchema } from "./json.ts"

/** An error of user code as plain data: its class name, message, stack and own properties that are JSON. */
export const hookErrorSchema = z.strictObject({
  name: z.string(),
  message: z.string(),
  stack: z.string().optional(),
  /** Further own properties, such as `friendlyMessage` or `code`. */
  properties: z.record(z.string(), jsonSchema).optional(),
  /** Of an exception that nobody caught: out of the call itself, or later. */
  thrown: z.enum(["sync", "async"]).optional(),
})

export type HookError = z.infer<typeof hookErrorSchema>

/**
 * How one run of user code ended. A failure here is the user's, so it is a value and never an exception.
 * - `returned`: called back without an error; `value` is absent when there was none
 * - `rejected`: called back with an error (the hook said no)
 * - `threw`: an exception that nobody caught, synchronous or not
 * - `not_compiled`: the script is not JavaScript, or gives no function
 * - `invalid_result`: what it called back cannot be sent as JSON, or is too large
 * - `timed_out`, `out_of_memory`, `crashed`: stopped from outside, or took its thread or process down
 * - `executor_lost`: its process ended under it, and it is not known that this run was the cause
 * - `no_executor`, `paused`: it was not begun, because there was nothing to run it in, or its version kills every
 *   process and has to wait
 * - `cancelled`: nobody waits any more
 */
export const outcomeSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("returned"), value: jsonSchema.optional() }),
  z.strictObject({ status: z.literal("rejected"), error: hookErrorSchema }),
  z.strictObject({ status: z.literal("threw"), error: hookErrorSchema }),
  z.strictObject({ status: z.literal("not_compiled"), error: hookErrorSchema }),
  z.strictObject({ status: z.literal("invalid_result"), error: hookErrorSchema }),
  z.strictObject({ status: z.literal("timed_out"), afterMs: z.number() }),
  z.strictObject({ status: z.literal("out_of_memory"), limitMb: z.number() }),
  z.strictObject({ status: z.literal("crashed"), reason: z.string() }),
  z.strictObject({ status: z.enum(["executor_lost", "no_executor", "paused"]), reason: z.string() }),
  z.strictObject({ status: z.literal("cancelled") }),
])

export type Outcome = z.infer<typeof outcomeSchema>
export type OutcomeStatus = Outcome["status"]

/** One line that the hook wrote to `console`; `at` is epoch milliseconds. */
export const logLineSchema = z.strictObject({
  at: z.number(),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
})

export type LogLine = z.infer<typeof logLineSchema>

/**
 * Why a connection was refused: the rules name no such destination, its address is not a public one, its name is none,
 * or the run has too many.
 */
export const OUTBOUND_REFUSALS = ["rules", "private_address", "no_host", "too_many"] as const
export type OutboundRefusal = (typeof OUTBOUND_REFUSALS)[number]

/** One connection that a hook asked for. `host` is as the hook wrote it; `bytesIn` came from there. */
export const outboundCallSchema = z.strictObject({
  at: z.number(),
  host: z.string(),
  port: z.int(),
  durationMs: z.number(),
  bytesIn: z.int(),
  bytesOut: z.int(),
  allowed: z.boolean(),
  refusal: z.enum(OUTBOUND_REFUSALS).optional(),
  /** Why it was refused, or what became of it. */
  problem: z.string().optional(),
})

export type OutboundCall = z.infer<typeof outboundCallSchema>

/** A hook may try for ever: what it asks for beyond this is refused and not listed. */
export const MAX_OUTBOUND_CALLS = 100

/** The limit that a run was stopped by; `crash` when its process ended without being told to. */
export const KILL_REASONS = ["wall_time", "heap", "memory", "cpu", "output", "crash"] as const

/** What is known of a run that was stopped from outside, at the moment when it was. */
export const killSchema = z.strictObject({
  reason: z.enum(KILL_REASONS),
  /** The hook's own lines that were being executed; absent when it only waited, or could not be asked. */
  stack: z.string().optional(),
  /** JavaScript heap of its thread. */
  heap: z.strictObject({ usedMb: z.number(), limitMb: z.number(), externalMb: z.number() }).optional(),
  /** Memory of its whole process. */
  rssMb: z.number().optional(),
  lastOutput: z.array(logLineSchema),
})

export type Kill = z.infer<typeof killSchema>

/** What a run did after its answer, as the executor reports it. */
export interface AfterAnswer {
  /** From the answer to the end, in ms; absent while the run goes on. */
  ms?: number
  /** What was open at the end, in words: "2 timers", "1 connection to api.example.com:443". */
  cut: string[]
  /** What went wrong meanwhile; `timed_out`: its work was not done at its limit. */
  outcome?: Outcome
}

/** One run of user code, as the executor reports it. */
export interface RunReport {
  outcome: Outcome
  logs: LogLine[]
  /** True when the hook printed more than the limit and the rest was dropped. */
  logsTruncated: boolean
  /** Time in user code, from the call to the first answer. */
  runMs: number
  /** The connections it asked for; absent when there were none. */
  calls?: OutboundCall[]
  /** Present when it was stopped from outside. */
  kill?: Kill
  /** Absent when its answer was its end. */
  afterAnswer?: AfterAnswer
}

/** A sentence for people about what went wrong after the answer; undefined when nothing did. */
export function describeAfterAnswer({ ms = 0, cut, outcome }: AfterAnswer): HookError | undefined {
  if (outcome?.status !== "timed_out") return outcome && describeOutcome(outcome)
  const what = cut.length > 0 ? cut.join(", ") : "code that was still running"
  const message = `The hook answered, but its work was not done ${Math.round(ms)} ms later; cut: ${what}`
  return { name: "TimeoutError", message }
}

/** A sentence for people that says how a run ended; undefined when it returned. */
export function describeOutcome(outcome: Outcome): HookError | undefined {
  switch (outcome.status) {
    case "returned":
      return undefined
    case "rejected":
    case "threw":
    case "not_compiled":
    case "invalid_result":
      return outcome.error
    case "timed_out":
      return { name: "TimeoutError", message: `The hook did not answer within ${outcome.afterMs} ms` }
    case "out_of_memory":
      return { name: "OutOfMemoryError", message: `The hook used more than ${outcome.limitMb} MB of memory` }
    case "crashed":
      return { name: "CrashError", message: `The hook took its process down: ${outcome.reason}` }
    case "executor_lost":
      return ours(
        `The process that ran the hook ended, and not known to be the hook's doing: ${outcome.reason}`,
      )
    case "no_executor":
      return ours(`The hook could not be started, which is not its own fault: ${outcome.reason}`)
    case "paused":
      return ours(`The hook was not started: ${outcome.reason}`)
    case "cancelled":
      return { name: "CancelledError", message: "The execution was cancelled" }
    default:
      return outcome satisfies never
  }
}

function ours(message: string): HookError {
  return { name: "HooklaneError", message }
}
