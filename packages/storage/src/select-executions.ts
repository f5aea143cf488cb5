import { EXECUTION_STATUSES, type Failure, isFinal, type TriggerId } from "@hooklane/core"
import { and, asc, eq, inArray, lt } from "drizzle-orm"
import { type ExecutionConditions, matching } from "./executions.ts"
import type { Storage } from "./open.ts"
import { before, type Position } from "./position.ts"

const UNFINISHED = EXECUTION_STATUSES.filter((status) => !isFinal(status))

/** SQLite takes 32,766 parameters; a statement of this size takes a millisecond. */
const IDS_PER_QUERY = 500

/** Those of the executions that the history knows and that meet the conditions, in the order in which they came. */
export async function selectExecutions(
  storage: Storage,
  executionIds: readonly string[],
  { failure, ...conditions }: ExecutionConditions & { failure?: Failure | undefined } = {},
): Promise<string[]> {
  const { executions } = storage.tables
  const found = new Set<string>()
  for (let from = 0; from < executionIds.length; from += IDS_PER_QUERY) {
    const ids = executionIds.slice(from, from + IDS_PER_QUERY)
    const rows = await storage.db
      .select({ executionId: executions.executionId })
      .from(executions)
      .where(
        and(
          inArray(executions.executionId, ids),
          matching(storage, conditions),
          failure && eq(executions.failure, failure),
        ),
      )
    for (const { executionId } of rows) found.add(executionId)
  }
  return executionIds.filter((id) => found.has(id))
}

/** An execution that the history does not know to be over. */
export interface UnfinishedExecution extends Position {
  triggerId: TriggerId
  hookId: string
  hookName: string
  versionId: string
  replayOf: string | null
}

/**
 * Executions that are not over as far as the history knows, and of which it has heard nothing since `quietSince`; the
 * oldest first, those after `position` when it is given.
 */
export async function listUnfinished(
  { db, tables: { executions } }: Storage,
  { quietSince, position, limit }: { quietSince: Date; position?: Position | undefined; limit: number },
): Promise<UnfinishedExecution[]> {
  const { executionId, triggerId, hookId, hookName, versionId, acceptedAt, replayOf } = executions
  return await db
    .select({ executionId, triggerId, hookId, hookName, versionId, acceptedAt, replayOf })
    .from(executions)
    .where(
      and(
        inArray(executions.status, UNFINISHED),
        lt(executions.acceptedAt, quietSince),
        lt(executions.statusAt, quietSince),
        position && before(executions, position),
      ),
    )
    .orderBy(asc(executions.acceptedAt), asc(executions.executionId))
    .limit(limit)
}

/** Versions of the hook that executions need which are not over as far as the history knows. */
export async function findVersionsInUse(
  { db, tables: { executions } }: Storage,
  hookId: string,
): Promise<Set<string>> {
  const rows = await db
    .selectDistinct({ versionId: executions.versionId })
    .from(executions)
    .where(and(eq(executions.hookId, hookId), inArray(executions.status, UNFINISHED)))
  return new Set(rows.map(({ versionId }) => versionId))
}

/** When the oldest execution of the history was accepted: it knows of all that came later. */
export async function findHistoryStart({ db, tables: { executions } }: Storage): Promise<Date | undefined> {
  const [oldest] = await db
    .select({ acceptedAt: executions.acceptedAt })
    .from(executions)
    .orderBy(asc(executions.acceptedAt), asc(executions.executionId))
    .limit(1)
  return oldest?.acceptedAt
}
