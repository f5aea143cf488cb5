import type { Column, SQL, SQLWrapper } from "drizzle-orm"
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3"
import type * as tables from "./schema.sqlite.ts"

/**
 * An open database. Every query is written once, in the types of SQLite's driver; what the two databases do in
 * different ways is in their dialect.
 */
export interface Database {
  readonly db: BetterSQLite3Database
  readonly tables: typeof tables
  readonly dialect: Dialect
  close(): Promise<void>
}

export interface Dialect {
  /** See `atomically`. */
  runAll(writes: readonly SQLWrapper[], turn: Turn | undefined): Promise<void>
  /**
   * Writes what is there already, so that a database that can only be read, or that is no longer the one that was
   * opened, is noticed.
   * @throws AppError database_unavailable with what is wrong
   */
  probe(): Promise<void>
  /** A select of rows that are given as parameters; each cell is in the driver's form of its column. */
  selectRows(columns: readonly Column[], cells: readonly (readonly unknown[])[]): SQL
  /** Behind a select of rows that are to be deleted: leaves out those that another transaction has in hand. */
  readonly skipLocked: SQL
}

/** Writes that decide by what others of their kind have written; see `atomically`. */
export type Turn = "hooks" | "signing_keys"
