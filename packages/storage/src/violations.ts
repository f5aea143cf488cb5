import Database from "better-sqlite3"

/** Whether a write was refused because the column (`table.column` in the database's own names) must be unique. */
export function isUniqueViolation(error: unknown, column: string): boolean {
  const refusal = findRefusal(error)
  if (refusal?.code !== "SQLITE_CONSTRAINT_UNIQUE" && refusal?.code !== "SQLITE_CONSTRAINT_PRIMARYKEY")
    return false
  return refusal.message.includes(column)
}

/** Whether a write was refused because the row it belongs to is not there (any more). */
export function isForeignKeyViolation(error: unknown): boolean {
  return findRefusal(error)?.code === "SQLITE_CONSTRAINT_FOREIGNKEY"
}

/** The database's own error; drizzle wraps it in some of its ways and not in others. */
function findRefusal(error: unknown): { code: string; message: string } | undefined {
  if (error instanceof Database.SqliteError) return error
  return error instanceof Error && error.cause !== undefined ? findRefusal(error.cause) : undefined
}
