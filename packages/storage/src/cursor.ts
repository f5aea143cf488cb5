import { AppError } from "@hooklane/core"

/** A place in the list of executions: the row after which the next page starts. */
export interface Position {
  acceptedAt: Date
  executionId: string
}

/** A position as callers get it: opaque, and safe in a query string. */
export function formatCursor({ acceptedAt, executionId }: Position): string {
  return Buffer.from(`${acceptedAt.getTime()}.${executionId}`).toString("base64url")
}

/** @throws AppError invalid_query_string when it is not what `formatCursor` gave */
export function parseCursor(cursor: string): Position {
  const [, time, executionId] = /^(\d{1,15})\.(.+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? []
  if (time === undefined || executionId === undefined)
    throw new AppError(
      "invalid_query_string",
      "Query validation error: 'Not a cursor of this list' on property cursor.",
    )
  return { acceptedAt: new Date(Number(time)), executionId }
}
