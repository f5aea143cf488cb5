import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { AppError } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import Database from "better-sqlite3"
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3"
import { monotonicFactory } from "ulid"
import { migrate } from "./migrate.ts"
import * as tables from "./schema.sqlite.ts"

export interface Storage {
  readonly db: BetterSQLite3Database
  readonly tables: typeof tables
  readonly keyRing: KeyRing
  /** A ULID (26 characters, upper case) that sorts after those that this storage made before. */
  nextId(): string
  close(): Promise<void>
}

export interface StorageOptions {
  /** A `file:` address of a SQLite database, made when it is missing, or `:memory:`. */
  databaseUrl: string
  keyRing: KeyRing
}

/** How long a write waits for another process that is writing. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Opens the database and brings it to this release's schema. A new file can be read by its owner only.
 * @throws AppError invalid_setting when the database cannot be opened, or a newer release wrote it
 */
export async function openStorage({ databaseUrl, keyRing }: StorageOptions): Promise<Storage> {
  const client = openClient(databaseUrl)
  try {
    await prepare(client)
  } catch (error) {
    client.close()
    throw error instanceof AppError ? error : cannotOpen(databaseUrl, error)
  }
  return {
    db: drizzle({ client, casing: "snake_case" }),
    tables,
    keyRing,
    nextId: monotonicFactory(),
    close: async () => {
      client.close()
    },
  }
}

function openClient(databaseUrl: string): Database.Database {
  if (databaseUrl === ":memory:") return new Database(databaseUrl)
  try {
    const path = fileURLToPath(databaseUrl)
    mkdirSync(dirname(path), { recursive: true })
    // SQLite would make the file by the umask alone; its -wal and -shm files take the mode of the file.
    closeSync(openSync(path, "a", 0o600))
    return new Database(path)
  } catch (error) {
    throw cannotOpen(databaseUrl, error)
  }
}

/** WAL with NORMAL: a crash of the process loses nothing, one of the machine at most its last moments. */
async function prepare(client: Database.Database): Promise<void> {
  client.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  await switchToWal(client)
  client.pragma("synchronous = NORMAL")
  migrate(client)
  client.pragma("foreign_keys = ON")
}

/** SQLite refuses at once, whatever its timeout, while another process switches the same new database. */
async function switchToWal(client: Database.Database): Promise<void> {
  const giveUpAt = Date.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      client.pragma("journal_mode = WAL")
      return
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code === "SQLITE_BUSY"
      if (!isBusy || Date.now() > giveUpAt) throw error
      await setTimeout(10)
    }
  }
}

function cannotOpen(databaseUrl: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AppError("invalid_setting", `The database ${databaseUrl} cannot be opened: ${reason}`, { cause })
}
