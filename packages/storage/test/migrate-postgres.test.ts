import { generateDrizzleJson, generateMigration } from "drizzle-kit/api"
import { describe, expect, test } from "vitest"
import { openStorage } from "../src/index.ts"
import * as schema from "../src/schema.postgres.ts"
import { testKeyRing } from "./databases.ts"
import { hasPostgres, newPostgresDatabase, query } from "./postgres-database.ts"

const STRUCTURE = `
  select concat_ws(' ', table_name, column_name, data_type, datetime_precision, collation_name, is_nullable)
    from information_schema.columns where table_schema = 'public' and table_name <> 'hooklane_migrations'
  union all select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'public'::regnamespace
      and conrelid::regclass::text <> 'hooklane_migrations'
  union all select indexdef from pg_indexes
    where schemaname = 'public' and tablename <> 'hooklane_migrations'
  order by 1`

describe.runIf(hasPostgres)("on PostgreSQL", () => {
  test("the migrations that are checked in make the database that the schema describes", async () => {
    const migrated = await newPostgresDatabase()
    await (await openStorage({ databaseUrl: migrated, keyRing: testKeyRing() })).close()
    const described = await newPostgresDatabase()
    const statements = await generateMigration(
      generateDrizzleJson({}),
      generateDrizzleJson(schema, undefined, undefined, "snake_case"),
    )
    for (const statement of statements) await query(described, statement)
    const structure = await query(described, STRUCTURE)
    expect(await query(migrated, STRUCTURE)).toEqual(structure)
    expect(structure.length).toBeGreaterThan(60)
  })
})
