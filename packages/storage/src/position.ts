import { AppError } from "@hooklane/core"
import { and, gt, gte, lt, lte, or, type SQL } from "drizzle-orm"
import type { executions } from "./schema.sqlite.ts"

/** A place in the list of executions, which is ordered by acceptance and then by id, the newest first. */
export interface Position {
  acceptedAt: Date
  executionId: string
}

/** What comes after the position. The first condition follows from the second; with it an index finds the place. */
export function after({ acceptedAt, executionId }: typeof executions, position: Position): SQL | undefined {
  return and(
    lte(acceptedAt, position.acceptedAt),
    or(lt(acceptedAt, position.acceptedAt), lt(executionId, position.executionId)),
  )
}

/** What comes before it in the list: what was accepted later. */
export function before({ acceptedAt, executionId }: typeof executions, position: Position): SQL | undefined {
  return and(
    gte(acceptedAt, position.acceptedAt),
    or(gt(acceptedAt, position.acceptedAt), gt(executionId, position.executionId)),
  )
}

/** A position as callers get it: opaque, and safe in a query string. */
export function formatCursor({ acceptedAt, executionId }: Position): string {
  return Buffer.from(`${acceptedAt.getTime()}.${executionId}`).toString("base64url")
}

/** @throws AppError invalid_query_string when it is not what `formatCursor` gave */
export function parseCursor(cursor: string): Position {
  const text = Buffer.from(cursor, "base64url").toString()
  const [, time, executionId] = /^(\d{1,15})\.([\w-]{1,64})$/.exec(text) ?? []
  if (time === undefined || executionId === undefined)
    throw new AppError(
      "invalid_query_string",
      "Query validation error: 'Not a cursor of this list' on property cursor.",
    )
  return { acceptedAt: new Date(Number(time)), executionId }
}
