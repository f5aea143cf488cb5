import { fileURLToPath } from "node:url"
import { readMigrationFiles } from "drizzle-orm/migrator"
import type { ClientBase } from "pg"
import { refuseNewerDatabase } from "./newer-database.ts"
import { lockStatement } from "./postgres-locks.ts"

const migrationsFolder = fileURLToPath(new URL("../drizzle/postgres", import.meta.url))

/**
 * Brings the database to the schema of this release, once, however many gateways start at the same moment: they take
 * turns by a lock. All migrations are one transaction, so a failure leaves the database as it was. After a change of
 * the schema `npm run migrations -w @hooklane/storage` writes the next one.
 * @throws AppError invalid_setting when a newer release wrote the database
 */
export async function migratePostgres(client: ClientBase): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder })
  await client.query("begin")
  await client.query(lockStatement("migrations"))
  await client.query(
    "create table if not exists hooklane_migrations (number integer primary key, applied_at timestamptz not null)",
  )
  const { name, seen } = await readState(client)
  refuseNewerDatabase({ name, seen, known: migrations.length })
  for (const [index, { sql }] of migrations.entries()) {
    if (index < seen) continue
    // drizzle-kit writes "public" into references; the tables are wherever the connection makes them.
    for (const statement of sql) await client.query(statement.replaceAll('"public".', ""))
    await client.query("insert into hooklane_migrations values ($1, now())", [index + 1])
  }
  await client.query("commit")
}

async function readState(client: ClientBase): Promise<{ name: string; seen: number }> {
  const { rows } = await client.query<[name: string, seen: number]>({
    text: "select current_database(), coalesce(max(number), 0) from hooklane_migrations",
    rowMode: "array",
  })
  const [name, seen] = rows[0] ?? ["", 0]
  return { name, seen }
}
