import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { createKeyRing, type KeyRing } from "@hooklane/core/keyring"
import { describe, onTestFinished } from "vitest"
import { openStorage, type Storage } from "../src/index.ts"
import { hasPostgres, newPostgresDatabase } from "./postgres-database.ts"

/** An empty database of the running test. */
export interface TestDatabase {
  databaseUrl: string
  /** As one gateway opens it; closed with the test. */
  open(): Promise<Storage>
}

const MASTER_KEY = Buffer.alloc(32, 7).toString("base64")

/** Runs the same tests on each kind of database; `newStorage` opens an empty one for the running test. */
export function onEachDatabase(tests: (newStorage: () => Promise<Storage>) => void): void {
  describe("on SQLite", () => tests(() => openUntilFinished(":memory:")))
  describe.runIf(hasPostgres)("on PostgreSQL", () =>
    tests(async () => openUntilFinished(await newPostgresDatabase())),
  )
}

/** The same, for tests that open one database several times. */
export function onEachSharedDatabase(tests: (newDatabase: () => Promise<TestDatabase>) => void): void {
  describe("on SQLite", () => tests(async () => testDatabase(await newSqliteFile())))
  describe.runIf(hasPostgres)("on PostgreSQL", () =>
    tests(async () => testDatabase(await newPostgresDatabase())),
  )
}

export function testKeyRing(): KeyRing {
  return createKeyRing(MASTER_KEY)
}

/** Address of a file that is not there yet. */
export async function newSqliteFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hooklane-storage-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  return pathToFileURL(join(folder, "data", `${randomUUID()}.db`)).href
}

function testDatabase(databaseUrl: string): TestDatabase {
  return { databaseUrl, open: () => openUntilFinished(databaseUrl) }
}

async function openUntilFinished(databaseUrl: string): Promise<Storage> {
  const storage = await openStorage({ databaseUrl, keyRing: testKeyRing() })
  onTestFinished(() => storage.close())
  return storage
}
