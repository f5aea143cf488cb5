import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { AppError } from "@hooklane/core"
import Client from "better-sqlite3"
import { type Column, type SQLWrapper, sql } from "drizzle-orm"
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3"
import { drizzle as drizzleProxy, type SqliteRemoteDatabase } from "drizzle-orm/sqlite-proxy"
import type { Database, Dialect } from "./database.ts"
import { asUnavailable } from "./failed-query.ts"
import { migrateSqlite } from "./migrate-sqlite.ts"
import * as tables from "./schema.sqlite.ts"
import { whenNotBusy } from "./sqlite-busy.ts"
import { refuseDamaged, watchIdentity } from "./sqlite-file.ts"

const CASING = { casing: "snake_case" } as const

/** How long a start waits for another process that has the file. Nobody waits for its thread yet. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Opens a file, made for its owner's eyes only when it is missing, or `:memory:`. It works on the caller's thread, and
 * never waits there for another process: see `whenNotBusy`. @throws as the driver does
 */
export async function openSqlite(databaseUrl: string): Promise<Database> {
  const client = openClient(databaseUrl)
  try {
    await prepare(client)
  } catch (error) {
    client.close()
    throw error
  }
  const checkIdentity = client.memory ? () => {} : watchIdentity(client.name)
  return {
    db: inSyncTypes(
      drizzleProxy((text, params, method) => run(client, { text, params, method }), undefined, CASING),
    ),
    tables,
    dialect: { ...dialectOf(drizzle({ client, ...CASING })), probe: () => probe(client, checkIdentity) },
    close: async () => {
      client.close()
    },
  }
}

/**
 * Both build queries by the same methods; the one that is given runs them with room for others to work in between,
 * so its results are promises, which every query of ours awaits.
 */
function inSyncTypes(db: SqliteRemoteDatabase): Database["db"] {
  return db as unknown as Database["db"]
}

async function run(
  client: Client.Database,
  { text, params, method }: { text: string; params: unknown[]; method: "run" | "all" | "values" | "get" },
) {
  // A statement that lost its database to another process midway is prepared anew.
  return whenNotBusy(() => {
    const statement = client.prepare<unknown[], unknown[]>(text)
    if (!statement.reader) {
      statement.run(...params)
      return { rows: [] }
    }
    const rows = statement.raw()
    // drizzle takes one row, or none, for "get"; its types know only lists.
    return { rows: (method === "get" ? rows.get(...params) : rows.all(...params)) as unknown[] }
  })
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
  refuseDamaged(client)
  await switchToWal(client)
  client.pragma("synchronous = NORMAL")
  migrateSqlite(client)
  client.pragma("foreign_keys = ON")
  client.pragma("busy_timeout = 0")
}

/** SQLite refuses at once, whatever its timeout, while another process switches the same new database. */
async function switchToWal(client: Client.Database): Promise<void> {
  await whenNotBusy(() => client.pragma("journal_mode = WAL"))
}

/**
 * One writer at a time is what SQLite always gives. `immediate` takes the write lock first, so that a second process
 * is waited for before anything was done, where a lock taken midway would fail.
 */
function dialectOf(db: BetterSQLite3Database): Omit<Dialect, "probe"> {
  const writeAll = (writes: readonly SQLWrapper[]) =>
    db.transaction(
      (transaction) => {
        for (const write of writes) transaction.run(write)
      },
      { behavior: "immediate" },
    )
  return {
    runAll: (writes) =>
      whenNotBusy(() => writeAll(writes)).catch((error: unknown) => {
        throw asUnavailable(error)
      }),
    selectRows,
    skipLocked: sql.empty(),
  }
}

/** The number is one that stands in the first page: what writes it writes nothing else. */
async function probe(client: Client.Database, checkIdentity: () => void): Promise<void> {
  checkIdentity()
  try {
    await whenNotBusy(() => {
      client.pragma(`user_version = ${client.pragma("user_version", { simple: true })}`)
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `The database ${client.name} cannot be written: ${reason}`
    throw new AppError("database_unavailable", message, { cause })
  }
}

/** All rows as one JSON parameter. */
function selectRows(columns: readonly Column[], cells: readonly (readonly unknown[])[]) {
  const picked = columns.map((_, position) => sql`value ->> ${sql.raw(String(position))}`)
  // Without the condition SQLite would read the "on conflict" that may follow as part of a join.
  return sql`select ${sql.join(picked, sql`, `)} from json_each(${JSON.stringify(cells)}) where true`
}
