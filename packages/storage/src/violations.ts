/** Whether a write was refused because the column (`table.column` in the database's own names) must be unique. */
export function isUniqueViolation(error: unknown, column: string): boolean {
  const { code, message, constraint } = findRefusal(error) ?? {}
  if (code === "23505") return constraint === `${column.replace(".", "_")}_unique`
  const isSqlites = code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY"
  return isSqlites && message?.includes(column) === true
}

/** Whether a write was refused because the row it belongs to is not there (any more). */
export function isForeignKeyViolation(error: unknown): boolean {
  const { code } = findRefusal(error) ?? {}
  return code === "23503" || code === "SQLITE_CONSTRAINT_FOREIGNKEY"
}

interface Refusal extends Error {
  code: string
  /** PostgreSQL's: the name of the index or key. Unique indexes are named after their last column. */
  constraint?: string
}

/** The database's own error; drizzle wraps it in some of its ways and not in others. */
function findRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined
  return isRefusal(error) ? error : findRefusal(error.cause)
}

function isRefusal(error: Error): error is Refusal {
  return "code" in error && typeof error.code === "string"
}
