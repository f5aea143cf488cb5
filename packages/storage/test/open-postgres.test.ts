import { randomUUID } from "node:crypto"
import { rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { startTlsFront } from "../../../scripts/tls/tls-front.ts"
import { atomically } from "../src/atomic.ts"
import {
  createHook,
  findUnavailable,
  listClients,
  listHooks,
  openStorage,
  rotateSigningKey,
  type Storage,
} from "../src/index.ts"
import { testKeyRing } from "./databases.ts"
import { openTogether } from "./open-together.ts"
import { hasPostgres, newPostgresDatabase, query } from "./postgres-database.ts"

const keyRing = testKeyRing()

async function open(databaseUrl: string): Promise<Storage> {
  const storage = await openStorage({ databaseUrl, keyRing })
  onTestFinished(() => storage.close())
  return storage
}

/** Ends every connection to the database but its own, as a restart of the server would. */
function cutConnections(databaseUrl: string): Promise<unknown> {
  return query(
    databaseUrl,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`,
  )
}

/** The database behind TLS, at an address that trusts what `trusted` holds. */
async function behindTls(databaseUrl: string) {
  const { pathname, searchParams } = new URL(databaseUrl)
  const path = join(searchParams.get("host") ?? "", ".s.PGSQL.5432")
  const front = await startTlsFront({ server: { path }, protocol: "postgres" })
  onTestFinished(() => front.close())
  const authority = join(tmpdir(), `hooklane-authority-${randomUUID()}.pem`)
  await writeFile(authority, front.authority)
  onTestFinished(() => rm(authority))
  const url = `postgresql://hooklane:a-password@localhost:${front.port}${pathname}?sslmode=verify-full`
  return { front, url, authority }
}

describe.runIf(hasPostgres)("on PostgreSQL", () => {
  test("processes that open new databases together agree on one schema and one signing key", async () => {
    const databaseUrls = await Promise.all(Array.from({ length: 5 }, newPostgresDatabase))
    const kids = await openTogether(databaseUrls)
    expect(kids[0]).toMatch(/^[\w-]{43}$/)
    expect(new Set(kids).size).toBe(1)
  }, 60_000)

  test("a database of a newer release is refused and left as it is", async () => {
    const databaseUrl = await newPostgresDatabase()
    await (await openStorage({ databaseUrl, keyRing })).close()
    await query(databaseUrl, "insert into hooklane_migrations values (1000, now())")
    await expect(openStorage({ databaseUrl, keyRing })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(/database test_\w+ was .*newer release \(its schema is number 1000/),
    })
  })

  test("a database that is not there is refused with the reason", async () => {
    const databaseUrl = (await newPostgresDatabase()).replace("/test_", "/missing_")
    await expect(openStorage({ databaseUrl, keyRing })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(/cannot be opened: database "missing_\w+" does not exist/),
    })
  })

  test("the tables may be in a schema of their own", async () => {
    const databaseUrl = await newPostgresDatabase()
    await query(databaseUrl, "create schema hooklane")
    const storage = await open(`${databaseUrl}&options=-c%20search_path%3Dhooklane`)
    await createHook(storage, { name: "a-hook", script: "code", triggerId: "send-phone-message" })
    await query(databaseUrl, "select from hooklane.hook_versions")
  })

  test("connections that the server has ended are replaced", async () => {
    const databaseUrl = await newPostgresDatabase()
    const storage = await open(databaseUrl)
    await Promise.all(Array.from({ length: 20 }, () => listClients(storage)))
    await cutConnections(databaseUrl)
    await expect.poll(() => listClients(storage)).toEqual([])
  })

  test("transactions that lose their connection leave room for those that follow", async () => {
    const databaseUrl = await newPostgresDatabase()
    const storage = await open(databaseUrl)
    const { db, tables } = storage
    const writes = [db.delete(tables.hooks)]
    for (let round = 0; round < 20; round++) {
      await Promise.allSettled([atomically(storage, writes, { turn: "hooks" }), cutConnections(databaseUrl)])
    }
    await expect.poll(() => atomically(storage, writes)).toBeUndefined()
    expect(await listHooks(storage, { offset: 0, limit: 10 })).toEqual({ hooks: [], total: 0 })
  })

  test("it is reached over TLS when the address says so", async () => {
    const { front, url, authority } = await behindTls(await newPostgresDatabase())
    const storage = await open(`${url}&sslrootcert=${authority}`)
    expect(await listClients(storage)).toEqual([])
    expect(front.wasUsed).toBe(true)
  })

  test("while it is away, statements and transactions say so by their code", async () => {
    const { front, url, authority } = await behindTls(await newPostgresDatabase())
    const storage = await open(`${url}&sslrootcert=${authority}`)
    await front.close()
    const away = { code: "database_unavailable", retryAfterSeconds: 1 }
    expect(findUnavailable(await listClients(storage).catch((error) => error))).toMatchObject(away)
    await expect(rotateSigningKey(storage)).rejects.toMatchObject(away)
  })

  test("a server that nobody vouches for is refused, and the message keeps the password", async () => {
    const { url } = await behindTls(await newPostgresDatabase())
    const refusal = await openStorage({ databaseUrl: url, keyRing }).catch((error) => error)
    expect(refusal).toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(
        /^The database postgresql:\/\/localhost:\d+\/test_\w+ cannot be opened: .*self.signed/,
      ),
    })
  })

  test("a server that takes no more writes is noticed", async () => {
    const databaseUrl = await newPostgresDatabase()
    const storage = await open(databaseUrl)
    await storage.dialect.probe()
    const [[name] = []] = await query(databaseUrl, "select current_database()")
    await query(databaseUrl, `alter database ${name} set default_transaction_read_only = on`)
    await cutConnections(databaseUrl)
    await expect
      .poll(() => storage.dialect.probe().catch((error) => error))
      .toMatchObject({
        code: "database_unavailable",
        message: expect.stringContaining("read-only transaction"),
      })
  })
})
