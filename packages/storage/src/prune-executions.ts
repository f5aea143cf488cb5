import { setImmediate } from "node:timers/promises"
import { and, asc, desc, inArray, lt, lte, or, type SQL } from "drizzle-orm"
import type { Position } from "./cursor.ts"
import type { Storage } from "./open.ts"

/** Some 10 ms of work: the database works while the thread waits, and callers wait with it. */
const ROWS_PER_BATCH = 500

export interface Retention {
  /** Executions accepted before this moment go. */
  olderThan: Date
  /** Of the rest, the newest so many stay. */
  keep: number
}

/**
 * Deletes what the retention does not keep, the oldest first, in small batches that let other work in between,
 * and gives the number of executions deleted.
 */
export async function pruneExecutions(storage: Storage, { olderThan, keep }: Retention): Promise<number> {
  const { executions } = storage.tables
  const firstBeyond = await findFirstBeyond(storage, keep)
  const goes = or(lt(executions.acceptedAt, olderThan), firstBeyond && upTo(storage, firstBeyond))
  let deleted = 0
  for (;;) {
    const batch = await deleteOldest(storage, goes)
    deleted += batch
    if (batch < ROWS_PER_BATCH) return deleted
    await setImmediate()
  }
}

/** The newest execution that is one too many; undefined when there are no more than `keep`. */
async function findFirstBeyond(
  { db, tables: { executions } }: Storage,
  keep: number,
): Promise<Position | undefined> {
  const [row] = await db
    .select({ acceptedAt: executions.acceptedAt, executionId: executions.executionId })
    .from(executions)
    .orderBy(desc(executions.acceptedAt), desc(executions.executionId))
    .limit(1)
    .offset(keep)
  return row
}

function upTo({ tables: { executions } }: Storage, { acceptedAt, executionId }: Position): SQL | undefined {
  return and(
    lte(executions.acceptedAt, acceptedAt),
    or(lt(executions.acceptedAt, acceptedAt), lte(executions.executionId, executionId)),
  )
}

async function deleteOldest({ db, tables: { executions } }: Storage, goes: SQL | undefined): Promise<number> {
  const oldest = db
    .select({ executionId: executions.executionId })
    .from(executions)
    .where(goes)
    .orderBy(asc(executions.acceptedAt), asc(executions.executionId))
    .limit(ROWS_PER_BATCH)
  const deleted = await db
    .delete(executions)
    .where(inArray(executions.executionId, oldest))
    .returning({ executionId: executions.executionId })
  return deleted.length
}
