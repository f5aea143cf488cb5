import { execFile } from "node:child_process"
import { readdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { startPostgres } from "../../../../scripts/postgres.ts"
import { openStorage } from "../../src/index.ts"
import { landedKeyRing } from "./databases.ts"
import { fillDatabase } from "./fill.ts"

// Writes the databases of this release, for later ones to open: run it when a migration was added, before the first
// commit behind it that changes what is stored. Those of earlier releases are never written again.

const [, , pgDump = "pg_dump"] = process.argv
const here = import.meta.dirname
const number = (await readdir(join(here, "../../drizzle/sqlite"))).filter((name) =>
  name.endsWith(".sql"),
).length

async function fill(databaseUrl: string): Promise<void> {
  const storage = await openStorage({ databaseUrl, keyRing: landedKeyRing() })
  await fillDatabase(storage)
  await storage.close()
}

const file = join(here, `schema-${number}.db`)
await rm(file, { force: true })
await fill(pathToFileURL(file).href)

const postgres = await startPostgres()
try {
  await fill(postgres.url)
  const { stdout } = await promisify(execFile)(pgDump, ["--inserts", "--no-owner", postgres.url])
  // Settings and psql's own commands are nothing that a driver takes, or needs.
  const statements = stdout
    .split("\n")
    .filter((line) => !/^(--|\\|SET |SELECT pg_catalog\.set_config|$)/.test(line))
  await writeFile(join(here, `schema-${number}.sql`), `${statements.join("\n")}\n`)
} finally {
  await postgres.close()
}
