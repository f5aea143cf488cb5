import { connect, createServer } from "node:net"
import { join } from "node:path"
import { beforeAll, describe, expect, inject, test } from "vitest"
import { createPostgresDatabase, hasPostgres } from "../../packages/storage/test/postgres-database.ts"
import { startTlsFront } from "../../scripts/tls/tls-front.ts"
import { listen } from "./fake-server.ts"
import { type LibraryHook, openHook } from "./open-hook.ts"

describe.runIf(hasPostgres)("pg, on a real PostgreSQL,", () => {
  let hook: LibraryHook
  let addresses: Record<"PLAIN" | "SECURED", string>

  beforeAll(async () => {
    const resources = new AsyncDisposableStack()
    const database = await createPostgresDatabase()
    resources.defer(database.drop)
    const { pathname, searchParams } = new URL(database.url)
    const path = join(searchParams.get("host") ?? "", ".s.PGSQL.5432")
    const { port, close } = await startForwarder(path)
    resources.defer(close)
    const front = await startTlsFront({ server: { path }, protocol: "postgres" })
    resources.defer(front.close)
    addresses = {
      PLAIN: `postgres://hooklane@127.0.0.1:${port}${pathname}`,
      SECURED: `postgres://hooklane@localhost:${front.port}${pathname}?sslmode=verify-full`,
    }
    const ports = [port, front.port]
    hook = await openHook({ dependencies: { pg: "8.23.1" }, ports, authorities: [front.authority] })
    resources.defer(hook.close)
    return () => resources.disposeAsync()
  })

  test.each(["PLAIN", "SECURED"])(
    "asks, waits for a lock and rolls back over a %s connection",
    async (name) => {
      const body = `
      const { Pool } = require("pg")
      const pool = new Pool({ connectionString: secrets.${name}, max: 2 })
      await pool.query("create table if not exists logins (id text primary key, count int not null)")
      const count = \`insert into logins values ($1, 1)
        on conflict (id) do update set count = logins.count + 1 returning count\`
      const counts = await Promise.all([1, 2, 3].map(() => pool.query(count, ["${name}"])))
      const client = await pool.connect()
      await client.query("begin")
      await client.query("delete from logins")
      const refused = await client.query("select 1 / 0").catch((error) => error.code)
      await client.query("rollback")
      client.release()
      const { rows } = await pool.query("select count, now() as at from logins where id = $1", ["${name}"])
      await pool.end()
      return [counts.map(({ rows }) => rows[0].count).sort(), refused, rows[0].count, rows[0].at instanceof Date]`
      expect(await hook.run(body, addresses)).toEqual([[1, 2, 3], "22012", 3, true])
    },
  )
})

describe("clients of Redis, on a real one,", () => {
  let hook: LibraryHook
  let secrets: Record<string, string>

  beforeAll(async () => {
    const { port, close } = await startForwarder(new URL(inject("redisUrl")).pathname)
    hook = await openHook({ dependencies: { ioredis: "5.8.2", redis: "5.9.0" }, ports: [port] })
    secrets = { URL: `redis://127.0.0.1:${port}` }
    return async () => {
      await hook.close()
      close()
    }
  })

  test("ioredis counts, in one transaction", async () => {
    const body = `
      const Redis = require("ioredis")
      const redis = new Redis(secrets.URL)
      const results = await redis.multi().incr("libraries:ioredis").del("libraries:ioredis").exec()
      await redis.quit()
      return results`
    expect(await hook.run(body, secrets)).toEqual([
      [null, 1],
      [null, 1],
    ])
  })

  test("redis sets and gets", async () => {
    const body = `
      const client = await require("redis").createClient({ url: secrets.URL }).connect()
      await client.set("libraries:redis", "value", { EX: 10 })
      const value = await client.getDel("libraries:redis")
      await client.close()
      return value`
    expect(await hook.run(body, secrets)).toBe("value")
  })
})

/** A port of this machine that leads to a server's unix socket: hooks have none of those. */
async function startForwarder(path: string): Promise<{ port: number; close(): void }> {
  const server = createServer((client) => {
    const onward = connect(path)
    client.on("error", () => onward.destroy()).pipe(onward)
    onward.on("error", () => client.destroy()).pipe(client)
  })
  return { port: await listen(server), close: () => void server.close() }
}
