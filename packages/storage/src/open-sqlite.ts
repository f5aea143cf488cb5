import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import Client from "better-sqlite3"
import { type Column, sql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/better-sqlite3"
import type { Database, Dialect } from "./database.ts"
import { migrateSqlite } from "./migrate-sqlite.ts"
import * as tables from "./schema.sqlite.ts"

/** How long a write waits for another process that is writing. */
const BUSY_TIMEOUT_MS = 5_000

/** Opens a file, made for its owner's eyes only when it is missing, or `:memory:`. @throws as the driver does */
export async function openSqlite(databaseUrl: string): Promise<Database> {
  const client = openClient(databaseUrl)
  try {
    await prepare(client)
  } catch (error) {
    client.close()
    throw error
  }
  const db = drizzle({ client, casing: "snake_case" })
  return {
    db,
    tables,
    dialect: dialectOf(db),
    close: async () => {
      client.close()
    },
  }
}

function openClient(databaseUrl: string): Client.Database {
  if (databaseUrl === ":memory:") return new Client(databaseUrl)
  const path = fileURLToPath(databaseUrl)
  mkdirSync(dirname(path), { recursive: true })
  // SQLite would make the file by the umask alone; its -wal and -shm files take the mode of the file.
  closeSync(openSync(path, "a", 0o600))
  return new Client(path)
}

/** WAL with NORMAL: a crash of the process loses nothing, one of the machine at most its last moments. */
async function prepare(client: Client.Database): Promise<void> {
  client.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  await switchToWal(client)
  client.pragma("synchronous = NORMAL")
  migrateSqlite(client)
  client.pragma("foreign_keys = ON")
}

/** SQLite refuses at once, whatever its timeout, while another process switches the same new database. */
async function switchToWal(client: Client.Database): Promise<void> {
  const giveUpAt = Date.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      client.pragma("journal_mode = WAL")
      return
    } catch (error) {
      const isBusy = error instanceof Client.SqliteError && error.code === "SQLITE_BUSY"
      if (!isBusy || Date.now() > giveUpAt) throw error
      await setTimeout(10)
    }
  }
}

/**
 * One writer at a time is what SQLite always gives. `immediate` takes the write lock first, so that a second process
 * waits for it (busy_timeout) where a lock taken midway would fail at once.
 */
function dialectOf(db: Database["db"]): Dialect {
  return {
    runAll: async (writes) =>
      db.transaction(
        (transaction) => {
          for (const write of writes) transaction.run(write)
        },
        { behavior: "immediate" },
      ),
    selectRows,
    skipLocked: sql.empty(),
  }
}

/** All rows as one JSON parameter. */
function selectRows(columns: readonly Column[], cells: readonly (readonly unknown[])[]) {
  const picked = columns.map((_, position) => sql`value ->> ${sql.raw(String(position))}`)
  // Without the condition SQLite would read the "on conflict" that may follow as part of a join.
  return sql`select ${sql.join(picked, sql`, `)} from json_each(${JSON.stringify(cells)}) where true`
}
