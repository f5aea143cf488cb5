import { copyFile, mkdir, readdir, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import Database from "better-sqlite3"
import { describe, expect, onTestFinished, test } from "vitest"
import {
  findEnabledSnapshots,
  findHookDocument,
  getBundle,
  getExecution,
  listClients,
  listExecutions,
  listHooks,
  listPendingBuilds,
  listPublicKeys,
  listVersions,
  openStorage,
  recordExecutions,
} from "../src/index.ts"
import { newSqliteFile } from "./databases.ts"
import { executionRecord } from "./execution-record.ts"
import { LANDED_EXECUTIONS, landedKeyRing } from "./landed/databases.ts"
import { hasPostgres, newPostgresDatabase, query } from "./postgres-database.ts"

const FOLDER = join(import.meta.dirname, "landed")
const files = await readdir(FOLDER)
const firstForms = await readdir(join(FOLDER, "first-forms"))

async function open(databaseUrl: string) {
  const storage = await openStorage({ databaseUrl, keyRing: landedKeyRing() })
  onTestFinished(() => storage.close())
  return storage
}

async function copyOf(file: string): Promise<string> {
  const databaseUrl = await newSqliteFile()
  await mkdir(dirname(fileURLToPath(databaseUrl)), { recursive: true })
  await copyFile(join(FOLDER, file), fileURLToPath(databaseUrl))
  return databaseUrl
}

async function restored(file: string): Promise<string> {
  const databaseUrl = await newPostgresDatabase()
  await query(databaseUrl, await readFile(join(FOLDER, file), "utf8"))
  return databaseUrl
}

/** Reads one of everything that `fillDatabase` put in. */
async function expectAllThere(databaseUrl: string): Promise<void> {
  const storage = await open(databaseUrl)
  const { hooks } = await listHooks(storage, { offset: 0, limit: 50 })
  expect(hooks.map(({ name, enabled }) => [name, enabled])).toEqual([
    ["sync", true],
    ["built", true],
    ["failed", false],
  ])
  const [sync] = await findEnabledSnapshots(storage, "credentials-exchange")
  expect(sync).toMatchObject({ hookName: "sync", number: 3, sealedSecrets: { SCOPE: expect.anything() } })
  expect(await listVersions(storage, sync?.hookId ?? "", { offset: 0, limit: 9 })).toMatchObject({ total: 3 })
  expect(await findHookDocument(storage, sync?.hookId ?? "")).toEqual({ version: 3, sealed: "a document" })
  const [built] = await findEnabledSnapshots(storage, "post-user-registration")
  expect(await getBundle(storage, built?.bundleId ?? "")).toContain("ms")
  expect((await listClients(storage)).map(({ name }) => name)).toEqual(["active"])
  expect(await listPublicKeys(storage)).toHaveLength(2)
  const { executions } = await listExecutions(storage, { limit: 50 })
  expect(executions).toHaveLength(5)
  expect(await getExecution(storage, LANDED_EXECUTIONS.dead)).toMatchObject({
    status: "dead_letter",
    failure: "threw",
    replayOf: LANDED_EXECUTIONS.failed,
    attempts: [{ attempt: 1 }, { attempt: 2, error: { message: "it broke" } }],
  })
  expect(await getExecution(storage, LANDED_EXECUTIONS.answered)).toMatchObject({ answeredBy: "fallback" })
  await recordExecutions(storage, [executionRecord({ head: { executionId: "exe_new" } })])
}

test.each(files.filter((name) => name.endsWith(".db")))("%s of a landed release opens", async (file) => {
  await expectAllThere(await copyOf(file))
})

test.runIf(hasPostgres).each(files.filter((name) => name.endsWith(".sql")))(
  "%s of a landed release opens",
  async (file) => {
    await expectAllThere(await restored(file))
  },
)

const OLD_ROWS = `
  insert into hooks (id, name, trigger_id, enabled, version_number) values ('h1', 'old', 'credentials-exchange', true, 2);
  insert into hook_versions (id, hook_id, number, name, script, dependencies, sealed_secrets, created_at BUILD) values
    ('v1', 'h1', 1, 'old', 'require("ms@1.0.0")', '{}', '[]', CREATED VALUES),
    ('v2', 'h1', 2, 'old', 'require("ms@2.1.3")', '{}', '[]', CREATED VALUES);
  insert into hooks (id, name, trigger_id, enabled, version_number) values ('h2', 'plain', 'send-phone-message', true, 1);
  insert into hook_versions (id, hook_id, number, name, script, dependencies, sealed_secrets, created_at BUILD) values
    ('v3', 'h2', 1, 'plain', 'require("crypto")', '{}', '[]', CREATED VALUES);`

/** As a release of that form left its database: with hooks, and the mark of one migration. */
function oldDatabase(tables: string, created: string): string {
  const hasBuilds = tables.includes("build_status")
  const rows = OLD_ROWS.replaceAll("CREATED", created)
    .replaceAll(" BUILD", hasBuilds ? ", build_status, build_log" : "")
    .replaceAll(" VALUES", hasBuilds ? ", 'none', ''" : "")
  return tables.replaceAll("--> statement-breakpoint", "") + rows
}

async function expectServed(databaseUrl: string, buildsWereKnown: boolean): Promise<void> {
  const storage = await open(databaseUrl)
  expect((await listHooks(storage, { offset: 0, limit: 9 })).hooks.map(({ name }) => name)).toEqual([
    "old",
    "plain",
  ])
  expect(await findEnabledSnapshots(storage, "send-phone-message")).toMatchObject([{ versionId: "v3" }])
  const pending = (await listPendingBuilds(storage)).map(({ versionId }) => versionId)
  expect(pending).toEqual(buildsWereKnown ? [] : ["v2"])
  const head = { executionId: "exe_new", hookId: "h1" }
  await recordExecutions(storage, [executionRecord({ status: "failed", answeredBy: "open", head })])
  expect(await getExecution(storage, "exe_new")).toMatchObject({ answeredBy: "open" })
}

const sqliteForms = firstForms.filter((name) => name.startsWith("sqlite"))
const postgresForms = firstForms.filter((name) => name.startsWith("postgres"))

test.each(sqliteForms)("a database of the first tables as in %s is completed", async (form) => {
  const databaseUrl = await newSqliteFile()
  const tables = await readFile(join(FOLDER, "first-forms", form), "utf8")
  await sqlite(databaseUrl, `${oldDatabase(tables, "1")}; pragma user_version = 1`)
  await expectServed(databaseUrl, tables.includes("build_status"))
})

describe.runIf(hasPostgres)("on PostgreSQL", () => {
  test.each(postgresForms)("a database of the first tables as in %s is completed", async (form) => {
    const databaseUrl = await newPostgresDatabase()
    const tables = await readFile(join(FOLDER, "first-forms", form), "utf8")
    const mark =
      "create table hooklane_migrations (number integer primary key, applied_at timestamptz not null); insert into hooklane_migrations values (1, now())"
    await query(databaseUrl, `${oldDatabase(tables, "now()")}; ${mark}`)
    await expectServed(databaseUrl, tables.includes("build_status"))
  })

  test("tables of somebody else where ours would stand are refused, others are let be", async () => {
    const databaseUrl = await newPostgresDatabase()
    await query(databaseUrl, "create table notes (id text)")
    await (await open(databaseUrl)).close()
    const taken = await newPostgresDatabase()
    await query(taken, "create table hooks (id text)")
    await expect(open(taken)).rejects.toThrow(/tables that are not of Hooklane's making \(hooks\)/)
    expect(await query(taken, "select to_regclass('hooklane_migrations')")).toEqual([[null]])
  })
})

test("tables of somebody else are refused, and left as they are", async () => {
  const databaseUrl = await newSqliteFile()
  await sqlite(databaseUrl, "create table notes (id text)")
  await expect(open(databaseUrl)).rejects.toThrow(/holds tables that are not of Hooklane's making \(notes\)/)
})

test("a schema that lost a column is refused with its name", async () => {
  const databaseUrl = await copyOf("schema-1.db")
  await sqlite(databaseUrl, "alter table hooks drop column version_number")
  await expect(open(databaseUrl)).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringContaining("cannot be used by this release: it has no hooks.version_number"),
  })
})

async function sqlite(databaseUrl: string, text: string): Promise<void> {
  const path = fileURLToPath(databaseUrl)
  await mkdir(dirname(path), { recursive: true })
  const database = new Database(path)
  database.exec(text)
  database.close()
}
