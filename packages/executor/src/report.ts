import { type HookError, hookErrorSchema, type Outcome, type RunReport } from "@hooklane/core"
import type { Answer, Ending } from "./protocol.ts"
import { createRedactor, type Redactor } from "./redact.ts"
import type { RunTask } from "./run-task.ts"

/**
 * The report of a run that an executor answered.
 * @throws SyntaxError or ZodError when what the executor sent is not what it claims to be
 */
export function toReport(answer: Answer, { secrets, limits }: RunTask): RunReport {
  const redact = createRedactor(secrets)
  const { logs, logsTruncated, runMs } = answer
  return { outcome: toOutcome(answer.ending, limits, redact), logs: redact.logs(logs), logsTruncated, runMs }
}

/** The report of a run that no executor answered. */
export function withoutAnswer(outcome: Outcome, runMs = 0): RunReport {
  return { outcome, logs: [], logsTruncated: false, runMs }
}

function toOutcome(ending: Ending, limits: RunTask["limits"], redact: Redactor): Outcome {
  switch (ending.status) {
    case "returned":
      return ending.json === undefined
        ? { status: "returned" }
        : { status: "returned", value: JSON.parse(ending.json) }
    case "rejected":
    case "threw":
    case "not_compiled":
    case "invalid_result":
      return { status: ending.status, error: redact.error(toHookError(ending.json)) }
    case "timed_out":
      return { status: "timed_out", afterMs: limits.timeoutMs }
    case "out_of_memory":
      return { status: "out_of_memory", limitMb: limits.heapMb }
    case "crashed":
      return { status: "crashed", reason: ending.reason }
    case "cancelled":
      return { status: "cancelled" }
    default:
      return ending satisfies never
  }
}

function toHookError(json: string): HookError {
  return hookErrorSchema.parse(JSON.parse(json))
}
