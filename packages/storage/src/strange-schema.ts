import { AppError } from "@hooklane/core"
import { getTableColumns, getTableName, is } from "drizzle-orm"
import { SQLiteTable } from "drizzle-orm/sqlite-core"
import * as tables from "./schema.sqlite.ts"

const OUR_TABLES = Object.values(tables).filter((table) => is(table, SQLiteTable))

/** As `table.column`, the columns that every query of this release may use. */
const OUR_COLUMNS = OUR_TABLES.flatMap((table) =>
  Object.keys(getTableColumns(table)).map((name) => `${getTableName(table)}.${inDatabase(name)}`),
)

export const OUR_TABLE_NAMES = OUR_TABLES.map((table) => getTableName(table))

/** @throws AppError invalid_setting when tables stand where ours would be made */
export function refuseForeignTables({ name, found }: { name: string; found: readonly string[] }): void {
  if (found.length === 0) return
  throw new AppError(
    "invalid_setting",
    `The database ${name} holds tables that are not of Hooklane's making (${found.slice(0, 3).join(", ")}): give it a database of its own with DATABASE_URL`,
  )
}

/** @throws AppError invalid_setting when a column is missing that this release uses, in spite of all migrations */
export function refuseStrangeSchema({ name, columns }: { name: string; columns: ReadonlySet<string> }): void {
  const missing = OUR_COLUMNS.find((column) => !columns.has(column))
  if (missing === undefined) return
  throw new AppError(
    "invalid_setting",
    `The database ${name} cannot be used by this release: it has no ${missing}. Start the release that wrote it, or restore a copy from before it was changed`,
  )
}

function inDatabase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
