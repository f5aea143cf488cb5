import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { unpackedDir } from "./fetch/debian-package.ts"
import { runTool } from "./fetch/run-tool.ts"
import { keepTail, spawnTethered, type Tethered } from "./launcher/tether.ts"
import { findPostgres, libraryEnv, type PostgresProgram } from "./postgres/find-postgres.ts"
import { giveToServer, type Owner, readableProgram } from "./postgres/unprivileged.ts"

export interface PrivatePostgres {
  /** Address of its first database as DATABASE_URL takes it; the user may do everything. */
  url: string
  pid: number
  close(): Promise<void>
}

const USER = "hooklane"

/** For tests: nothing survives a crash of the machine, and nothing waits for the disk. */
const SETTINGS = {
  listen_addresses: "",
  max_connections: "200",
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  jit: "off",
}

/** Debian and Homebrew keep the server's programs off PATH, so that several versions can stand side by side. */
const INSTALLED_IN = [
  "/usr/lib/postgresql/*/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/usr/local/opt/postgresql*/bin",
]

const START_WITHIN_MS = 30_000

/**
 * Starts an empty PostgreSQL that only this user can reach (a unix socket in a new folder of the system's temporary
 * ones) and that dies with this process. Finds or fetches the program when the machine has none; started by root,
 * it runs as `nobody`.
 * @throws PlainError when there is none to be had; Error with its own words when it does not come up
 */
export async function startPostgres(): Promise<PrivatePostgres> {
  const context = contextHere()
  const found = await findPostgres(context)
  await using resources = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), "hooklane-postgres-"))
  resources.defer(() => rm(dir, { recursive: true, force: true }))
  const owner = await giveToServer(dir)
  const program = await readableProgram(found, { dir, unpackedDir: unpackedDir(context), owner })
  await initialize(program, { dir, owner })
  const server = await run(program, { dir, owner })
  resources.defer(() => stop(server))
  const owned = resources.move()
  const url = `postgres:///postgres?host=${encodeURIComponent(dir)}&user=${USER}`
  return { url, pid: server.pid, close: () => owned.disposeAsync() }
}

function contextHere() {
  const cacheDir = join(import.meta.dirname, "../.cache/postgres")
  return { path: process.env["PATH"] ?? "", cacheDir, installedIn: INSTALLED_IN, note: () => {} }
}

/** Its language is English, which orders text otherwise than by bytes: what depends on that is noticed. */
async function initialize(
  program: PostgresProgram,
  { dir, owner }: { dir: string; owner: Owner },
): Promise<void> {
  const options = {
    pgdata: join(dir, "data"),
    username: USER,
    auth: "trust",
    encoding: "UTF8",
    locale: "C",
    "locale-provider": "icu",
    "icu-locale": "en-US",
  }
  const args = [...Object.entries(options).map(([name, value]) => `--${name}=${value}`), "--no-sync"]
  const file = join(program.bin, "initdb")
  await runTool(contextHere(), {
    file,
    args,
    cwd: dir,
    env: libraryEnv(program),
    timeoutMs: 60_000,
    ...owner,
  })
}

async function run(
  program: PostgresProgram,
  { dir, owner }: { dir: string; owner: Owner },
): Promise<Tethered> {
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: dir })
  const server = await spawnTethered({
    command: join(program.bin, "postgres"),
    args: ["-D", join(dir, "data"), ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    env: libraryEnv(program),
    cwd: dir,
    stopWithinMs: 2_000,
    ...owner,
  })
  const output = keepTail(server)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (reason: string) => reject(new Error(`PostgreSQL ${reason}:\n${output()}`))
  const timer = setTimeout(fail, START_WITHIN_MS, `did not come up within ${START_WITHIN_MS / 1000} s`)
  void server.exited.then(({ code }) => fail(`ended with ${code}`))
  server.stderr.on("data", () => output().includes("ready to accept connections") && resolve())
  try {
    await promise
    return server
  } catch (error) {
    server.kill()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** "Fast": clients are cut off. On SIGTERM it would wait for them to leave. */
async function stop(server: Tethered): Promise<void> {
  process.kill(server.pid, "SIGINT")
  await server.exited
}
