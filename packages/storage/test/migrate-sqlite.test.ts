import { readdirSync, readFileSync } from "node:fs"
import Database from "better-sqlite3"
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api"
import { expect, onTestFinished, test } from "vitest"
import * as schema from "../src/schema.sqlite.ts"

const migrations = new URL("../drizzle/sqlite/", import.meta.url)

function databaseOf(statements: readonly string[]): Database.Database {
  const database = new Database(":memory:")
  onTestFinished(() => {
    database.close()
  })
  for (const statement of statements) database.exec(statement)
  return database
}

/** Tables with columns, keys and indexes as SQLite itself understood them. */
function structureOf(database: Database.Database) {
  const named = database
    .prepare<[], { type: string; name: string; sql: string | null }>(
      "select type, name, sql from sqlite_schema order by type, name",
    )
    .all()
  return named.map(({ type, name, sql }) => ({
    type,
    name,
    columns: database.prepare(`select * from pragma_table_xinfo(?) order by name`).all(name),
    foreignKeys: database
      .prepare(`select "table", "from", "to", on_delete from pragma_foreign_key_list(?)`)
      .all(name),
    index: type === "index" ? { columns: database.pragma(`index_info('${name}')`), sql } : undefined,
  }))
}

test("the migrations that are checked in make the database that the schema describes", async () => {
  const files = readdirSync(migrations).filter((name) => name.endsWith(".sql"))
  const migrated = databaseOf(files.sort().map((name) => readFileSync(new URL(name, migrations), "utf8")))
  const described = databaseOf(
    await generateSQLiteMigration(
      await generateSQLiteDrizzleJson({}),
      await generateSQLiteDrizzleJson(schema, undefined, "snake_case"),
    ),
  )
  expect(structureOf(migrated)).toEqual(structureOf(described))
  expect(structureOf(described).length).toBeGreaterThan(6)
})
