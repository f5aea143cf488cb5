import { fileURLToPath } from "node:url"
import { readMigrationFiles } from "drizzle-orm/migrator"
import type { ClientBase } from "pg"
import { buildOfOldVersion, FIRST_BUILD_COLUMN, LATER_COLUMNS, makeIfMissing } from "./first-tables.ts"
import { refuseNewerDatabase } from "./newer-database.ts"
import { lockStatement } from "./postgres-locks.ts"
import { OUR_TABLE_NAMES, refuseForeignTables, refuseStrangeSchema } from "./strange-schema.ts"

const migrationsFolder = fileURLToPath(new URL("../drizzle/postgres", import.meta.url))

/**
 * Brings the database to the schema of this release, once, however many gateways start at the same moment: they take
 * turns by a lock. All migrations are one transaction, so a failure leaves the database as it was. After a change of
 * the schema `npm run migrations -w @hooklane/storage` writes the next one.
 * @throws AppError invalid_setting when a newer release wrote the database, or something else did
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
  if (seen === 0) refuseForeignTables({ name, found: await foreignTablesOf(client) })
  else await completeFirstTables(client, migrations[0]?.sql ?? [])
  for (const [index, { sql }] of migrations.entries()) {
    if (index < seen) continue
    for (const statement of sql) await client.query(anywhere(statement))
    await client.query("insert into hooklane_migrations values ($1, now())", [index + 1])
  }
  refuseStrangeSchema({ name, columns: await columnsOf(client) })
  await client.query("commit")
}

/** drizzle-kit writes "public" into references; the tables are wherever the connection makes them. */
function anywhere(statement: string): string {
  return statement.replaceAll('"public".', "")
}

async function readState(client: ClientBase): Promise<{ name: string; seen: number }> {
  const { rows } = await client.query<[name: string, seen: number]>({
    text: "select current_database(), coalesce(max(number), 0) from hooklane_migrations",
    rowMode: "array",
  })
  const [name, seen] = rows[0] ?? ["", 0]
  return { name, seen }
}

/** Other programs may have tables beside ours; only those of our names are in the way. */
async function foreignTablesOf(client: ClientBase): Promise<string[]> {
  const columns = await columnsOf(client)
  return OUR_TABLE_NAMES.filter((table) => columns.values().some((column) => column.startsWith(`${table}.`)))
}

async function columnsOf(client: ClientBase): Promise<Set<string>> {
  return pluck(
    client,
    "select table_name || '.' || column_name from information_schema.columns where table_schema = current_schema()",
  )
}

/** The first column of what is found. */
async function pluck(client: ClientBase, text: string): Promise<Set<string>> {
  const { rows } = await client.query<[string]>({ text, rowMode: "array" })
  return new Set(rows.map(([value]) => value))
}

/** See `LATER_COLUMNS`. */
async function completeFirstTables(client: ClientBase, firstStatements: readonly string[]): Promise<void> {
  const columns = await columnsOf(client)
  const missing = LATER_COLUMNS.filter(({ table, column }) => !columns.has(`${table}.${column}`))
  if (missing.length === 0) return
  for (const { table, column, type } of missing) {
    await client.query(`alter table if exists ${table} add column ${column} ${type.postgres}`)
    await client.query(`alter table if exists ${table} alter column ${column} drop default`)
  }
  const constraints = await pluck(
    client,
    "select conname from pg_constraint where connamespace = current_schema()::regnamespace",
  )
  for (const statement of firstStatements) {
    const [, constraint] = / ADD CONSTRAINT "(\w+)"/.exec(statement) ?? []
    const isMissing = constraint !== undefined && !constraints.has(constraint)
    const wanted = isMissing ? statement : makeIfMissing(statement)
    if (wanted) await client.query(anywhere(wanted))
  }
  if (!columns.has(FIRST_BUILD_COLUMN)) await askForBuilds(client)
}

async function askForBuilds(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ id: string } & Parameters<typeof buildOfOldVersion>[0]>(
    'select v.id, v.script, v.dependencies, v.number = h.version_number as "isCurrent" from hook_versions v join hooks h on h.id = v.hook_id',
  )
  for (const { id, ...version } of rows) {
    const build = buildOfOldVersion(version)
    if (build)
      await client.query("update hook_versions set build_status = $1, build_log = $2 where id = $3", [
        build.status,
        build.log,
        id,
      ])
  }
}
