import { AppError } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import { monotonicFactory } from "ulid"
import type { Database } from "./database.ts"
import { openPostgres } from "./open-postgres.ts"
import { openSqlite } from "./open-sqlite.ts"

export interface Storage extends Database {
  readonly keyRing: KeyRing
  /** Whether other gateways may use the database at the same time. */
  readonly isShared: boolean
  /** A ULID (26 characters, upper case) that sorts after those that this storage made before. */
  nextId(): string
}

export interface StorageOptions {
  /**
   * A `file:` address of a SQLite database, made when it is missing; `:memory:`; or a `postgres://` or
   * `postgresql://` address of a PostgreSQL database, which has to be there.
   */
  databaseUrl: string
  keyRing: KeyRing
}

/**
 * Opens the database and brings it to this release's schema.
 * @throws AppError invalid_setting when the database cannot be opened, or a newer release wrote it
 */
export async function openStorage({ databaseUrl, keyRing }: StorageOptions): Promise<Storage> {
  const isShared = /^postgres(ql)?:/.test(databaseUrl)
  try {
    const database = await (isShared ? openPostgres : openSqlite)(databaseUrl)
    return { ...database, isShared, keyRing, nextId: monotonicFactory() }
  } catch (error) {
    throw error instanceof AppError ? error : cannotOpen(databaseUrl, error)
  }
}

function cannotOpen(databaseUrl: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The database ${withoutCredentials(databaseUrl)} cannot be opened: ${reason}`
  return new AppError("invalid_setting", message, { cause })
}

/** Who logs in, and by what, stays out of messages; so do options, where they may stand too. */
function withoutCredentials(databaseUrl: string): string {
  return databaseUrl.replace(/\/\/[^/]*@/, "//").replace(/\?.*/s, "")
}
