import { fileURLToPath } from "node:url"
import type Client from "better-sqlite3"
import { readMigrationFiles } from "drizzle-orm/migrator"
import { buildOfOldVersion, FIRST_BUILD_COLUMN, LATER_COLUMNS, makeIfMissing } from "./first-tables.ts"
import { refuseNewerDatabase } from "./newer-database.ts"
import { refuseForeignTables, refuseStrangeSchema } from "./strange-schema.ts"

const migrationsFolder = fileURLToPath(new URL("../drizzle/sqlite", import.meta.url))

/**
 * Brings the database to the schema of this release. How many migrations it has seen is its `user_version`,
 * read under the write lock, so that two processes that open one new database do not both migrate it; all of
 * them are one transaction, so a failure leaves the database as it was. drizzle's own migrator does neither.
 * Foreign keys must be off: a migration that rebuilds a table would otherwise delete what refers to it.
 * After a change of the schema `npm run migrations -w @hooklane/storage` writes the next one.
 * @throws AppError invalid_setting when a newer release wrote the database, or something else did
 */
export function migrateSqlite(client: Client.Database): void {
  const migrations = readMigrationFiles({ migrationsFolder })
  const { name } = client
  client.pragma("foreign_keys = OFF")
  const apply = client.transaction(() => {
    const seen = Number(client.pragma("user_version", { simple: true }))
    refuseNewerDatabase({ name, seen, known: migrations.length })
    if (seen === 0) refuseForeignTables({ name, found: tablesOf(client) })
    else completeFirstTables(client, migrations[0]?.sql ?? [])
    for (const { sql } of migrations.slice(seen)) for (const statement of sql) client.exec(statement)
    client.pragma(`user_version = ${migrations.length}`)
    refuseStrangeSchema({ name, columns: columnsOf(client) })
  })
  apply.immediate()
}

function tablesOf(client: Client.Database): string[] {
  return client.prepare<[], string>("select name from sqlite_schema where type = 'table'").pluck().all()
}

function columnsOf(client: Client.Database): Set<string> {
  const text =
    "select t.name || '.' || c.name from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'"
  return new Set(client.prepare<[], string>(text).pluck().all())
}

/** See `LATER_COLUMNS`. */
function completeFirstTables(client: Client.Database, firstStatements: readonly string[]): void {
  const columns = columnsOf(client)
  const missing = LATER_COLUMNS.filter(
    ({ table, column }) => !columns.has(`${table}.${column}`) && hasTable(columns, table),
  )
  if (missing.length === 0) return
  for (const { table, column, type } of missing)
    client.exec(`alter table ${table} add column ${column} ${type.sqlite}`)
  for (const statement of firstStatements.map(makeIfMissing)) if (statement) client.exec(statement)
  if (!columns.has(FIRST_BUILD_COLUMN)) askForBuilds(client)
}

function hasTable(columns: ReadonlySet<string>, table: string): boolean {
  return columns.values().some((column) => column.startsWith(`${table}.`))
}

interface OldVersion {
  id: string
  script: string
  dependencies: string
  isCurrent: number
}

function askForBuilds(client: Client.Database): void {
  const versions = client.prepare<[], OldVersion>(
    "select v.id, v.script, v.dependencies, v.number = h.version_number as isCurrent from hook_versions v join hooks h on h.id = v.hook_id",
  )
  const ask = client.prepare("update hook_versions set build_status = ?, build_log = ? where id = ?")
  for (const { id, script, dependencies, isCurrent } of versions.all()) {
    const build = buildOfOldVersion({
      script,
      dependencies: JSON.parse(dependencies),
      isCurrent: isCurrent === 1,
    })
    if (build) ask.run(build.status, build.log, id)
  }
}
