import { AppError, type ExecutionStatus, type TriggerId } from "@hooklane/core"
import { and, asc, count, desc, eq, getTableColumns, gte, inArray, lt, type SQL, sum } from "drizzle-orm"
import type { Storage } from "./open.ts"
import { after, formatCursor, parseCursor } from "./position.ts"
import type { attempts, executions } from "./schema.sqlite.ts"

export interface ExecutionFilter extends ExecutionConditions {
  /** `nextCursor` of the page before. */
  cursor?: string | undefined
  limit: number
}

/** What an execution has to be; what is left out may be anything. */
export interface ExecutionConditions {
  triggerId?: TriggerId | undefined
  hookId?: string | undefined
  status?: ExecutionStatus | undefined
  /** Accepted at this moment or later. */
  from?: Date | undefined
  /** Accepted before this moment. */
  to?: Date | undefined
}

/** An execution as a list shows it. */
export type ExecutionSummary = Omit<typeof executions.$inferSelect, "error"> & {
  attemptsMade: number
  /** Time in user code in ms, all attempts together. */
  runMs: number
}

export type ExecutionAttempt = Omit<typeof attempts.$inferSelect, "executionId">

/** An execution with all that is known of it. */
export type ExecutionDetail = typeof executions.$inferSelect & { attempts: ExecutionAttempt[] }

/**
 * Executions by the moment they were accepted, the newest first. `nextCursor` is there when more follow.
 * @throws AppError invalid_query_string when the cursor is not one of ours
 */
export async function listExecutions(
  storage: Storage,
  filter: ExecutionFilter,
): Promise<{ executions: ExecutionSummary[]; nextCursor?: string }> {
  const { executions } = storage.tables
  const { error: _, ...columns } = getTableColumns(executions)
  const rows = await storage.db
    .select(columns)
    .from(executions)
    .where(and(matching(storage, filter), pageAfter(storage, filter)))
    .orderBy(desc(executions.acceptedAt), desc(executions.executionId))
    .limit(filter.limit + 1)
  const page = rows.slice(0, filter.limit)
  const totals = await attemptTotals(
    storage,
    page.map((row) => row.executionId),
  )
  const last = page.at(-1)
  return {
    executions: page.map((row) => ({ ...row, ...(totals.get(row.executionId) ?? NO_ATTEMPTS) })),
    ...(last && rows.length > page.length && { nextCursor: formatCursor(last) }),
  }
}

/** @throws AppError execution_not_found */
export async function getExecution({ db, tables }: Storage, executionId: string): Promise<ExecutionDetail> {
  const { executions, attempts } = tables
  const [execution] = await db.select().from(executions).where(eq(executions.executionId, executionId))
  if (!execution) throw new AppError("execution_not_found", `Execution ${executionId} does not exist`)
  const { executionId: _, ...columns } = getTableColumns(attempts)
  const made = await db
    .select(columns)
    .from(attempts)
    .where(eq(attempts.executionId, executionId))
    .orderBy(asc(attempts.attempt))
  return { ...execution, attempts: made }
}

/** For the modules of this package. */
export function matching(
  { tables: { executions } }: Pick<Storage, "tables">,
  { triggerId, hookId, status, from, to }: ExecutionConditions,
): SQL | undefined {
  return and(
    triggerId && eq(executions.triggerId, triggerId),
    hookId === undefined ? undefined : eq(executions.hookId, hookId),
    status && eq(executions.status, status),
    from && gte(executions.acceptedAt, from),
    to && lt(executions.acceptedAt, to),
  )
}

function pageAfter({ tables }: Storage, { cursor }: ExecutionFilter): SQL | undefined {
  return cursor === undefined ? undefined : after(tables.executions, parseCursor(cursor))
}

const NO_ATTEMPTS = { attemptsMade: 0, runMs: 0 }

/** Counted, not stored: an attempt that was lost may be reported after the execution has ended. */
async function attemptTotals({ db, tables: { attempts } }: Storage, executionIds: string[]) {
  const rows = await db
    .select({
      executionId: attempts.executionId,
      attemptsMade: count(),
      runMs: sum(attempts.runMs).mapWith(Number),
    })
    .from(attempts)
    .where(inArray(attempts.executionId, executionIds))
    .groupBy(attempts.executionId)
  return new Map(rows.map(({ executionId, ...totals }) => [executionId, totals]))
}
