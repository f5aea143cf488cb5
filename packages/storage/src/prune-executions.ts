import { setImmediate } from "node:timers/promises"
import { asc, desc, inArray, lt, or, type SQL, sql } from "drizzle-orm"
import type { Storage } from "./open.ts"
import { after, type Position } from "./position.ts"

export interface Retention {
  /** Executions accepted before this moment go. */
  olderThan: Date
  /** Of the rest, so many of the newest stay; at least 1. */
  keep: number
}

/** The database works while the thread, and every caller with it, waits: each of these takes some 5 ms. */
const ROWS_PER_DELETE = 500
const ROWS_PER_STEP = 100_000

/**
 * Deletes the executions that the retention does not keep, the oldest first, in batches with room for other
 * work in between; gives their number.
 */
export async function pruneExecutions(storage: Storage, { olderThan, keep }: Retention): Promise<number> {
  const { executions } = storage.tables
  const oldestKept = await findNth(storage, keep)
  const goes = or(lt(executions.acceptedAt, olderThan), oldestKept && after(executions, oldestKept))
  let deleted = 0
  for (;;) {
    const batch = await deleteOldest(storage, goes)
    deleted += batch
    if (batch < ROWS_PER_DELETE) return deleted
    await setImmediate()
  }
}

/** The nth newest execution, counted in steps; undefined when there are fewer. */
async function findNth({ db, tables: { executions } }: Storage, n: number): Promise<Position | undefined> {
  let position: Position | undefined
  for (let left = n; left > 0; left -= ROWS_PER_STEP) {
    const [reached] = await db
      .select({ acceptedAt: executions.acceptedAt, executionId: executions.executionId })
      .from(executions)
      .where(position && after(executions, position))
      .orderBy(desc(executions.acceptedAt), desc(executions.executionId))
      .limit(1)
      .offset(Math.min(left, ROWS_PER_STEP) - 1)
    if (!reached) return undefined
    position = reached
    await setImmediate()
  }
  return position
}

/** Executions that another gateway is deleting, or writing, are left to it, or to the next time. */
async function deleteOldest(
  { db, tables: { executions }, dialect }: Storage,
  goes: SQL | undefined,
): Promise<number> {
  const oldest = db
    .select({ executionId: executions.executionId })
    .from(executions)
    .where(goes)
    .orderBy(asc(executions.acceptedAt), asc(executions.executionId))
    .limit(ROWS_PER_DELETE)
  const deleted = await db
    .delete(executions)
    .where(inArray(executions.executionId, sql`(${oldest.getSQL()} ${dialect.skipLocked})`))
    .returning({ executionId: executions.executionId })
  return deleted.length
}
