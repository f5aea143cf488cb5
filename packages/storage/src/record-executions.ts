import { ANSWERED_BY, EXECUTION_STATUSES, type ExecutionRecord, isFinal } from "@hooklane/core"
import {
  and,
  eq,
  getTableColumns,
  gte,
  inArray,
  isNotNull,
  isNull,
  notInArray,
  or,
  type SQLWrapper,
  sql,
} from "drizzle-orm"
import { atomically } from "./atomic.ts"
import { insertRows } from "./insert-rows.ts"
import type { Storage } from "./open.ts"
import type { attempts, executions } from "./schema.sqlite.ts"

type ExecutionInsert = typeof executions.$inferInsert
type AttemptInsert = typeof attempts.$inferInsert

const FINAL_STATUSES = EXECUTION_STATUSES.filter(isFinal)

/**
 * Adds what happened to the history, in one transaction. The same records may come again, and in any order:
 * a final status stays as it was first told (unless its caller was told that no answer came), before that the newest
 * status counts, and the first report of an attempt is the one that is kept, unless it only says that its worker was
 * lost: one that was merely late tells itself how the attempt ended. What a run did after its answer is added to the
 * report of its answer. The database works while the caller's thread waits: some 1,000 records is
 * the most that a process with callers should bring at once.
 */
export async function recordExecutions(storage: Storage, records: readonly ExecutionRecord[]): Promise<void> {
  const attemptRows = firstReports(records.flatMap(toAttemptRows))
  await atomically(storage, [
    upsertExecutions(storage, latestOfEach(records).sort(byId).map(toExecutionRow)),
    insertAttempts(storage, attemptRows),
    ...noteAnswers(storage, records),
    ...noteUnanswered(storage, records),
  ])
}

/** Apart from the status: the gateway tells of its answer, and the worker of the run, which may be stored first. */
function noteAnswers(
  { db, tables: { executions } }: Storage,
  records: readonly ExecutionRecord[],
): SQLWrapper[] {
  return ANSWERED_BY.flatMap((answeredBy) => {
    const told = records.filter((record) => record.answeredBy === answeredBy)
    const ids = told.map(({ head }) => head.executionId)
    if (ids.length === 0) return []
    return [db.update(executions).set({ answeredBy }).where(inArray(executions.executionId, ids))]
  })
}

/** The gateway told its caller that no answer came. Then none was applied, although the run may have succeeded. */
function noteUnanswered(
  { db, tables: { executions } }: Storage,
  records: readonly ExecutionRecord[],
): SQLWrapper[] {
  const unanswered = records.filter(({ failure, attempt }) => failure === "timed_out" && !attempt)
  return unanswered.toSorted(byId).map(({ head, at, status, failure, error }) =>
    db
      .update(executions)
      .set({ status, statusAt: new Date(at), failure, error })
      .where(and(eq(executions.executionId, head.executionId), eq(executions.status, "succeeded"))),
  )
}

/** Gateways that write the same executions at once take them in the same order, so none waits for another in a ring. */
function byId({ head: a }: ExecutionRecord, { head: b }: ExecutionRecord): number {
  return a.executionId < b.executionId ? -1 : 1
}

/** One record per execution: a statement may not write a row twice. */
function latestOfEach(records: readonly ExecutionRecord[]): ExecutionRecord[] {
  const latest = new Map<string, ExecutionRecord>()
  for (const record of records) {
    const known = latest.get(record.head.executionId)
    if (!known || supersedes(record, known)) latest.set(record.head.executionId, record)
  }
  return [...latest.values()]
}

/** The rule of `upsertExecutions`, for two records of one batch. */
function supersedes(next: ExecutionRecord, known: ExecutionRecord): boolean {
  return !isFinal(known.status) && (isFinal(next.status) || next.at >= known.at)
}

function upsertExecutions(storage: Storage, rows: ExecutionInsert[]): SQLWrapper {
  const { executions } = storage.tables
  return insertRows(storage, executions, rows).onConflictDoUpdate({
    target: executions.executionId,
    set: {
      status: sql`excluded.status`,
      statusAt: sql`excluded.status_at`,
      nextAttemptAt: sql`excluded.next_attempt_at`,
      failure: sql`excluded.failure`,
      error: sql`excluded.error`,
    },
    setWhere: and(
      notInArray(executions.status, FINAL_STATUSES),
      or(inArray(sql`excluded.status`, FINAL_STATUSES), gte(sql`excluded.status_at`, executions.statusAt)),
    ),
  })
}

/** One report per attempt: a statement may not write a row twice. In the order of `byId`, for the same reason. */
function firstReports(rows: AttemptInsert[]): AttemptInsert[] {
  const reports = new Map<string, AttemptInsert>()
  for (const row of rows) {
    const key = `${row.executionId} ${row.attempt}`
    const known = reports.get(key)
    if (!known || known.failure === LOST || isEndOf(known, row)) reports.set(key, row)
  }
  return [...reports.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

const LOST = "worker_lost"

/** The rule of `insertAttempts`, for two reports of one batch. */
function isEndOf(known: AttemptInsert, next: AttemptInsert): boolean {
  const goesOn =
    (known.afterAnswer ?? undefined) !== undefined && (known.afterAnswerMs ?? undefined) === undefined
  return goesOn && (next.afterAnswerMs ?? undefined) !== undefined
}

function insertAttempts(storage: Storage, rows: AttemptInsert[]): SQLWrapper {
  const { attempts } = storage.tables
  const { executionId, attempt, ...told } = getTableColumns(attempts)
  return insertRows(storage, attempts, rows).onConflictDoUpdate({
    target: [executionId, attempt],
    set: Object.fromEntries(
      Object.keys(told).map((key) => [key, sql`excluded.${sql.identifier(columnName(key))}`]),
    ),
    setWhere: or(
      eq(attempts.failure, LOST),
      and(
        isNotNull(attempts.afterAnswer),
        isNull(attempts.afterAnswerMs),
        isNotNull(sql`excluded.after_answer_ms`),
      ),
    ),
  })
}

/** As drizzle's `casing` makes it of a property. */
function columnName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function toExecutionRow({
  head,
  at,
  status,
  nextAttemptAt,
  failure,
  error,
}: ExecutionRecord): ExecutionInsert {
  return {
    ...head,
    acceptedAt: new Date(head.acceptedAt),
    status,
    statusAt: new Date(at),
    nextAttemptAt: nextAttemptAt === undefined ? null : new Date(nextAttemptAt),
    failure,
    error,
  }
}

function toAttemptRows({ head, attempt }: ExecutionRecord): AttemptInsert[] {
  if (!attempt) return []
  return [{ ...attempt, executionId: head.executionId, startedAt: new Date(attempt.startedAt) }]
}
