import { STATUS_CODES } from "node:http"
import { AppError, ERROR_STATUS, type ErrorCode } from "@hooklane/core"
import { findUnavailable } from "@hooklane/storage"
import type { Context } from "hono"
import { HTTPException } from "hono/http-exception"
import type { Logger } from "pino"
import type { GatewayEnv } from "./router.ts"

/** The body of every error, in this order of keys. */
export interface Problem {
  statusCode: number
  error: string
  message: string
  errorCode?: ErrorCode
  attributes?: { error: string }
  executionId?: string
}

/** Messages quote what was sent, and must not send all of a large body back. */
const MAX_MESSAGE_CHARS = 8_192

/** What refuses a request before it reaches a route of ours, by its status. */
const REFUSALS: Partial<Record<number, { code: ErrorCode; message: string }>> = {
  400: { code: "invalid_body", message: "Invalid request payload JSON format" },
  401: { code: "missing_authentication", message: "Missing authentication" },
  415: { code: "unsupported_media_type", message: "Unsupported Media Type" },
}

/** Answers any error, once, and logs those that are the service's to answer for. */
export function answerError({ log }: { log: Logger }) {
  return (error: Error, c: Context<GatewayEnv>): Response => {
    const failure = toAppError(error)
    const status = ERROR_STATUS[failure.code]
    logFailure(log, c.get("requestId"), failure, status)
    setErrorHeaders(c, failure)
    return c.json(toProblem(failure), status)
  }
}

/** A bug deserves its stack; a hook that timed out, or a full lane, a line. What callers did wrong is theirs. */
function logFailure(log: Logger, requestId: string, failure: AppError, status: number): void {
  const { code, executionId } = failure
  if (code === "internal_error")
    log.error({ requestId, executionId, err: failure.cause ?? failure }, "request failed")
  else if (status >= 500)
    log.warn({ requestId, executionId, code, reason: reasonOf(failure) }, "request refused")
}

/** Why the database does not answer is nothing for callers, and told nowhere else. */
function reasonOf({ code, message, cause }: AppError): string {
  return code === "database_unavailable" && cause instanceof Error ? `${message}: ${cause.message}` : message
}

/** Any error as one of ours; what was not meant for the caller becomes a message without detail. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const refusal = error instanceof HTTPException ? REFUSALS[error.status] : undefined
  if (refusal) return new AppError(refusal.code, refusal.message, { cause: error })
  const unavailable = findUnavailable(error)
  return unavailable ?? new AppError("internal_error", "An internal server error occurred", { cause: error })
}

/** The message as callers get it, cut where it quotes too much of what they sent. */
export function messageFor({ message }: AppError): string {
  return message.length > MAX_MESSAGE_CHARS ? `${message.slice(0, MAX_MESSAGE_CHARS)} …` : message
}

function toProblem(failure: AppError): Problem {
  const { code, executionId } = failure
  const message = messageFor(failure)
  const statusCode = ERROR_STATUS[code]
  const problem: Problem = { statusCode, error: STATUS_CODES[statusCode] ?? "Error", message }
  // Auth0 answers both failures of authentication without an error code.
  if (code === "missing_authentication") return problem
  if (code === "invalid_token") return { ...problem, attributes: { error: message } }
  return { ...problem, errorCode: code, ...(executionId && { executionId }) }
}

function setErrorHeaders(c: Context<GatewayEnv>, failure: AppError): void {
  const { code, message, retryAfterSeconds } = failure
  if (code === "missing_authentication") c.header("WWW-Authenticate", challengeOf(failure.cause))
  if (code === "invalid_token") c.header("WWW-Authenticate", `Bearer error="${message}"`)
  if (retryAfterSeconds !== undefined) c.header("Retry-After", String(Math.ceil(retryAfterSeconds)))
}

/** How to authenticate: with a token, unless what refused the request asks for something else. */
function challengeOf(cause: unknown): string {
  const asked = cause instanceof HTTPException ? cause.res?.headers.get("WWW-Authenticate") : undefined
  return asked ?? "Bearer"
}
