import { AppError } from "@hooklane/core"
import { type Column, type SQLWrapper, sql } from "drizzle-orm"
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres"
import pg from "pg"
import type { Database, Turn } from "./database.ts"
import { asUnavailable, isSilence } from "./failed-query.ts"
import { migratePostgres } from "./migrate-postgres.ts"
import { lockStatement } from "./postgres-locks.ts"
import * as tables from "./schema.postgres.ts"

/** A gateway asks the database little; ten gateways stay within a server's default of 100 connections. */
const MAX_CONNECTIONS = 9
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 8_000
/** What a server that answers needs to say that it gave a statement up. */
const ANSWER_MS = 2_000

const CLIENT_OPTIONS = {
  application_name: "hooklane",
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
}

/**
 * The server gives a statement up after 8 s (the longest of ours, a batch of old history, takes some 10 ms), and soon ends a transaction whose gateway fell silent with locks in
 * hand; the gateway gives up on a server that does not say even that.
 */
const POOL_OPTIONS = {
  ...CLIENT_OPTIONS,
  max: MAX_CONNECTIONS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  idle_in_transaction_session_timeout: 10_000,
  query_timeout: STATEMENT_TIMEOUT_MS + ANSWER_MS,
}

/** Opens a database that other gateways may use too; TLS as the address says. @throws as the driver does */
export async function openPostgres(connectionString: string): Promise<Database> {
  await bringUpToDate(connectionString)
  const pool = openPool(connectionString)
  return {
    ...inSqliteTypes(drizzle({ client: pool, casing: "snake_case" })),
    dialect: {
      runAll: (writes, turn) => runAll(pool, writes, turn),
      probe: () => probe(pool),
      selectRows,
      skipLocked: sql`for update skip locked`,
    },
    close: async () => {
      if (!pool.ending) await pool.end()
    },
  }
}

/** A connection that is lost, in the pool or in hand, is told by the query that needs it, and by nothing else. */
function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ ...POOL_OPTIONS, connectionString })
  pool.on("error", () => {})
  pool.on("connect", (client) => client.on("error", () => {}))
  return pool
}

/** Over a connection of its own, because a migration may take its time. */
async function bringUpToDate(connectionString: string): Promise<void> {
  const client = new pg.Client({ ...CLIENT_OPTIONS, connectionString })
  client.on("error", () => {})
  try {
    await client.connect()
    await migratePostgres(client)
  } finally {
    await client.end()
  }
}

/**
 * The one place where the queries' types do not say which database it is. Both drivers build queries by the same
 * methods, of which only those are used that both have, with `await`; schema.test.ts holds the tables of both to
 * the same rows.
 */
function inSqliteTypes(db: NodePgDatabase): Pick<Database, "db" | "tables"> {
  return { db, tables } as unknown as Pick<Database, "db" | "tables">
}

/** drizzle's own transaction loses a connection of the pool when that was dead at its beginning. */
async function runAll(pool: pg.Pool, writes: readonly SQLWrapper[], turn: Turn | undefined): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asUnavailable(error)
  })
  const db = drizzle({ client, casing: "snake_case" })
  try {
    await client.query("begin")
    if (turn) await client.query(lockStatement(turn))
    for (const write of writes) await db.execute(write)
    await client.query("commit")
  } catch (error) {
    await giveUp(client, error)
    throw asUnavailable(error)
  }
  client.release()
}

async function probe(pool: pg.Pool): Promise<void> {
  try {
    await pool.query("update hooklane_migrations set applied_at = applied_at where number = 1")
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError("database_unavailable", `PostgreSQL cannot be written: ${reason}`, { cause })
  }
}

/** A server that did not answer is not asked to roll back: it does when the connection is gone. */
async function giveUp(client: pg.PoolClient, error: unknown): Promise<void> {
  if (isSilence(error)) return client.release(error)
  await client.query("rollback").then(
    () => client.release(),
    (failure) => client.release(failure),
  )
}

/** One array per column as a parameter. */
function selectRows(columns: readonly Column[], cells: readonly (readonly unknown[])[]) {
  const arrays = columns.map((column, position) => {
    const values = sql.param(cells.map((row) => row[position]))
    const type = column.getSQLType().replace(/ collate .*/, "")
    return sql`${values}::${sql.raw(type)}[]`
  })
  return sql`select * from unnest(${sql.join(arrays, sql`, `)})`
}
