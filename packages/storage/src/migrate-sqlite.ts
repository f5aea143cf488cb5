import { fileURLToPath } from "node:url"
import type Client from "better-sqlite3"
import { readMigrationFiles } from "drizzle-orm/migrator"
import { refuseNewerDatabase } from "./newer-database.ts"

const migrationsFolder = fileURLToPath(new URL("../drizzle/sqlite", import.meta.url))

/**
 * Brings the database to the schema of this release. How many migrations it has seen is its `user_version`,
 * read under the write lock, so that two processes that open one new database do not both migrate it; all of
 * them are one transaction, so a failure leaves the database as it was. drizzle's own migrator does neither.
 * Foreign keys must be off: a migration that rebuilds a table would otherwise delete what refers to it.
 * After a change of the schema `npm run migrations -w @hooklane/storage` writes the next one.
 * @throws AppError invalid_setting when a newer release wrote the database
 */
export function migrateSqlite(client: Client.Database): void {
  const migrations = readMigrationFiles({ migrationsFolder })
  client.pragma("foreign_keys = OFF")
  const apply = client.transaction(() => {
    const seen = Number(client.pragma("user_version", { simple: true }))
    refuseNewerDatabase({ name: client.name, seen, known: migrations.length })
    for (const { sql } of migrations.slice(seen)) for (const statement of sql) client.exec(statement)
    client.pragma(`user_version = ${migrations.length}`)
  })
  apply.immediate()
}
