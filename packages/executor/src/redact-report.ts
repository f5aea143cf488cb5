import {
  type AfterAnswer,
  type HookError,
  isJsonObject,
  type Json,
  type Kill,
  type LogLine,
  type OutboundCall,
  type Outcome,
  type RunReport,
} from "@hooklane/core"
import {
  cutText,
  MAX_CUT_CHARS,
  MAX_ERROR_CHARS,
  MAX_ERROR_NAME_CHARS,
  MAX_ERROR_TEXT_CHARS,
  MAX_FRAME_CHARS,
  MAX_HOST_CHARS,
  MAX_LINE_CHARS,
  MAX_LINES,
  MAX_PROBLEM_CHARS,
  MAX_REASON_CHARS,
  MAX_STACK_FRAMES,
} from "./contained/cut-text.ts"
import { REPLACEMENT, type Redact } from "./redact.ts"

/**
 * What is told of a run: every text of the hook's is without its secrets, and within its bound, whatever the executor
 * sent. The value that a hook returned is the answer that its caller asked for, and stays as it is.
 */
export function redactReport(
  { outcome, logs, calls, kill, afterAnswer, ...facts }: RunReport,
  redact: Redact,
): RunReport {
  return {
    ...facts,
    outcome: redactOutcome(outcome, redact),
    logs: redactLines(logs, redact),
    ...(calls && { calls: calls.map((call) => redactCall(call, redact)) }),
    ...(kill && { kill: redactKill(kill, redact) }),
    ...(afterAnswer && { afterAnswer: redactAfterAnswer(afterAnswer, redact) }),
  }
}

/** Cut before, so that an executor cannot make its worker read more, and after, since a replacement may be longer. */
function tell(text: string, maxChars: number, redact: Redact): string {
  return cutText(redact(cutText(text, maxChars)), maxChars)
}

/** Why a run, or its process, ended. */
export function redactReason(reason: string, redact: Redact): string {
  return tell(reason, MAX_REASON_CHARS, redact)
}

function redactAfterAnswer({ cut, outcome, ...facts }: AfterAnswer, redact: Redact): AfterAnswer {
  return {
    ...facts,
    cut: cut.map((what) => tell(what, MAX_CUT_CHARS, redact)),
    ...(outcome && { outcome: redactOutcome(outcome, redact) }),
  }
}

function redactOutcome(outcome: Outcome, redact: Redact): Outcome {
  if ("error" in outcome) return { ...outcome, error: redactError(outcome.error, redact) }
  if ("reason" in outcome) return { ...outcome, reason: redactReason(outcome.reason, redact) }
  return outcome
}

function redactError({ name, message, stack, properties, thrown }: HookError, redact: Redact): HookError {
  const isSmall = properties && JSON.stringify(properties).length <= MAX_ERROR_CHARS
  return {
    name: tell(name, MAX_ERROR_NAME_CHARS, redact),
    message: tell(message, MAX_ERROR_TEXT_CHARS, redact),
    ...(stack !== undefined && { stack: tell(stack, MAX_ERROR_TEXT_CHARS, redact) }),
    ...(isSmall && { properties: redactWhole(properties, redact) }),
    ...(thrown && { thrown }),
  }
}

/** What still shows when its members are read one after the other goes as a whole: a text that was spread among them. */
function redactWhole(value: Record<string, Json>, redact: Redact): Record<string, Json> {
  const told = redactObject(value, redact)
  const text = JSON.stringify(told)
  return redact(text) === text ? told : { [REPLACEMENT]: REPLACEMENT }
}

function redactJson(value: Json, redact: Redact): Json {
  if (typeof value === "string") return redact(value)
  if (typeof value === "number") return redactNumber(value, redact)
  if (Array.isArray(value)) return redactList(value, redact)
  return isJsonObject(value) ? redactObject(value, redact) : value
}

function redactNumber(value: number, redact: Redact): Json {
  const text = String(value)
  const told = redact(text)
  return told === text ? value : told
}

/** Its members together may be a secret: the bytes of a buffer, the lines of a key. */
function redactList(list: readonly Json[], redact: Redact): Json[] {
  const told = list.map((one) => redactJson(one, redact))
  if (list.some((one) => typeof one === "object")) return told
  return redact(JSON.stringify(list)) === JSON.stringify(told) ? told : [REPLACEMENT]
}

function redactObject(value: Record<string, Json>, redact: Redact): Record<string, Json> {
  if (!isSpreadList(value)) return redactMembers(value, redact)
  return Object.fromEntries(redactList(Object.values(value), redact).entries())
}

/** JSON makes of a typed array an object of its numbers; a text that is spread becomes one of its characters. */
function isSpreadList(value: Record<string, Json>): boolean {
  return "0" in value && Object.keys(value).every((key, index) => key === String(index))
}

function redactMembers(value: Record<string, Json>, redact: Redact): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [redact(key), redactJson(inner, redact)]),
  )
}

function redactLines(lines: readonly LogLine[], redact: Redact): LogLine[] {
  const told = lines
    .slice(0, MAX_LINES)
    .map((line) => ({ ...line, message: tell(line.message, MAX_LINE_CHARS, redact) }))
  if (told.length < 2 || !redact.together) return told
  const messages = redact.together(told.map(({ message }) => message))
  return told.map((line, index) => ({ ...line, message: messages[index] ?? "" }))
}

function redactCall({ problem, ...call }: OutboundCall, redact: Redact): OutboundCall {
  return {
    ...call,
    host: tell(call.host, MAX_HOST_CHARS, redact),
    ...(problem !== undefined && { problem: tell(problem, MAX_PROBLEM_CHARS, redact) }),
  }
}

function redactKill({ stack, lastOutput, ...kill }: Kill, redact: Redact): Kill {
  return {
    ...kill,
    ...(stack !== undefined && { stack: tell(stack, MAX_STACK_FRAMES * MAX_FRAME_CHARS, redact) }),
    lastOutput: redactLines(lastOutput, redact),
  }
}
