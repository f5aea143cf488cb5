import {
  type AfterAnswer,
  type HookError,
  hookErrorSchema,
  type Kill,
  type Outcome,
  type RunReport,
} from "@hooklane/core"
import { isTooDeep, MAX_JSON_DEPTH } from "./json-depth.ts"
import type { Answer, Answered, Ending } from "./protocol.ts"
import type { RunTask } from "./run-task.ts"

/**
 * The report of a run that an executor answered, as it told it: secrets and all.
 * @throws SyntaxError or ZodError when what the executor sent is not what it claims to be
 */
export function toReport(answer: Answer, { limits }: Pick<RunTask, "limits">): RunReport {
  const { ending, logs, logsTruncated, runMs, kill, after } = answer
  return {
    outcome: toOutcome(ending, limits),
    logs,
    logsTruncated,
    runMs,
    ...(kill && { kill: { ...kill, lastOutput: logs.slice(-LAST_LINES) } }),
    ...(after && { afterAnswer: toAfterAnswer(after, limits) }),
  }
}

/** The report of a run that has answered and goes on. @throws as `toReport` */
export function toEarlyReport(
  { ending, logs, logsTruncated, runMs }: Answered,
  { limits }: Pick<RunTask, "limits">,
): RunReport {
  return { outcome: toOutcome(ending, limits), logs, logsTruncated, runMs, afterAnswer: { cut: [] } }
}

function toAfterAnswer(
  { ms, cut, ending }: NonNullable<Answer["after"]>,
  limits: RunTask["limits"],
): AfterAnswer {
  return { ms, cut, ...(ending && { outcome: toOutcome(ending, limits) }) }
}

/** The report of a run that no executor answered. */
export function withoutAnswer(outcome: Outcome, runMs = 0, kill?: Kill): RunReport {
  return { outcome, logs: kill?.lastOutput ?? [], logsTruncated: false, runMs, ...(kill && { kill }) }
}

/** Lines of output in the report of a kill. */
const LAST_LINES = 5

function toOutcome(ending: Ending, limits: RunTask["limits"]): Outcome {
  switch (ending.status) {
    case "returned":
      return returned(ending.json)
    case "rejected":
    case "threw":
    case "not_compiled":
    case "invalid_result":
      return { status: ending.status, error: toHookError(ending.json) }
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

function returned(json: string | undefined): Outcome {
  if (json === undefined) return { status: "returned" }
  if (!isTooDeep(json)) return { status: "returned", value: JSON.parse(json) }
  const message = `The result of the extension point is nested deeper than ${MAX_JSON_DEPTH} levels`
  return { status: "invalid_result", error: { name: "Error", message } }
}

function toHookError(json: string): HookError {
  const { properties, ...texts } = hookErrorSchema.parse(JSON.parse(json))
  return properties && !isTooDeep(json) ? { ...texts, properties } : texts
}
