import { randomUUID } from "node:crypto"
import pg from "pg"
import { inject, onTestFinished } from "vitest"

const postgres = inject("postgres")

/** False where PostgreSQL can be neither found nor fetched; the run has said so. */
export const hasPostgres = "url" in postgres

/** Address of an empty database on the run's PostgreSQL, dropped when the test is finished. */
export async function newPostgresDatabase(): Promise<string> {
  const { url, drop } = await createPostgresDatabase()
  onTestFinished(drop)
  return url
}

/** The same, for its maker to drop. */
export async function createPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  if ("missing" in postgres) throw new Error(postgres.missing)
  const { url } = postgres
  const name = `test_${randomUUID().replaceAll("-", "")}`
  await query(url, `create database ${name}`)
  const drop = async () => void (await query(url, `drop database ${name} with (force)`))
  return { url: url.replace("/postgres?", `/${name}?`), drop }
}

/** The rows of a statement that is run beside what is under test, over a connection of its own. */
export async function query(databaseUrl: string, text: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query({ text, rowMode: "array" })
    return rows
  } finally {
    await client.end()
  }
}
