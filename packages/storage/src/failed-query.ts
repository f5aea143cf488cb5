import { AppError } from "@hooklane/core"
import { DrizzleQueryError } from "drizzle-orm"

/**
 * Whether it is drizzle's account of a statement that failed. That holds the statement's parameters, console output
 * and hashes of secrets among them, so it is for no log; the database's own error is its cause.
 */
export function isFailedQuery(error: unknown): boolean {
  return error instanceof DrizzleQueryError
}

/**
 * AppError database_unavailable for a statement that failed because the database is away, is going down, or could
 * not take the statement at this moment; undefined for everything else.
 */
export function findUnavailable(error: unknown): AppError | undefined {
  return error instanceof DrizzleQueryError && isAway(error.cause) ? unavailable(error.cause) : undefined
}

/** The same for an error that is known to come from the database, which is given back when it is another. */
export function asUnavailable(error: unknown): unknown {
  return isAway(error) ? unavailable(error) : error
}

function unavailable(cause: unknown): AppError {
  const message = "The database does not answer; try again later"
  return new AppError("database_unavailable", message, { cause, retryAfterSeconds: 1 })
}

/**
 * PostgreSQL's classes 08 (connection), 40 (rolled back because of others) and 53 (resources), its shut-down and
 * start-up, a time-out, a standby that takes no writes; SQLite's file in the hands of another process, on
 * a full disk, or one that takes no writes.
 */
const PASSING_CODES =
  /^(08|40|53)...$|^57P0[1-3]$|^57014$|^25P03$|^25006$|^SQLITE_(BUSY|FULL|READONLY|IOERR|CANTOPEN)/

/** What pg says without a code. */
const PASSING_MESSAGES = /^(Connection terminated|Client has encountered|timeout exceeded|Query read timeout)/

/** Whether the server let pg's own patience run out. */
export function isSilence(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith("Query read timeout")
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  return "syscall" in error || PASSING_CODES.test(code) || PASSING_MESSAGES.test(error.message)
}
