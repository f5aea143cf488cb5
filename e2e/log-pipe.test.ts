import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureMasterKey } from "@hooklane/core/master-key"
import { listWorkers, openConnection } from "@hooklane/queue"
import { expect, inject, onTestFinished, test, vi } from "vitest"
import { findGatewayUrl } from "../scripts/launcher/credentials.ts"
import { processEnv } from "../scripts/launcher/process-env.ts"
import { spawnTethered } from "../scripts/launcher/tether.ts"

const START = { timeout: 20_000, interval: 50 }
const EXIT_MS = 5_000

/** Fills the pipe that will be the program's standard output before it has written a word. */
const FILL_FIRST = 'dd if=/dev/zero bs=1 2>/dev/null & sleep 0.3; exec "$@"'

/** A gateway or a worker whose log goes into a pipe that is full and that nobody reads. */
async function startUnread(app: "gateway" | "worker") {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-e2e-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await ensureMasterKey({ dataDir: dir, masterKey: undefined })
  const prefix = `test-${randomUUID()}`
  const env = processEnv(
    app,
    { PATH: process.env["PATH"] },
    {
      PORT: "0",
      HOOKLANE_DATA_DIR: dir,
      REDIS_URL: inject("redisUrl"),
      HOOKLANE_REDIS_PREFIX: prefix,
      TMPDIR: dir,
    },
  )
  const main = join(import.meta.dirname, `../apps/${app}/src/main.ts`)
  const program = await spawnTethered({
    command: "/bin/sh",
    args: ["-c", FILL_FIRST, "sh", process.execPath, main],
    env,
    stopWithinMs: EXIT_MS,
  })
  const connection = openConnection({ url: inject("redisUrl"), prefix })
  onTestFinished(async () => {
    program.kill()
    const keys = await connection.commands.client.keys(`${prefix}:*`)
    if (keys.length > 0) await connection.commands.client.del(keys)
    await connection.close()
  })
  const isUp = async () => (app === "gateway" ? findGatewayUrl(dir, 0) : (await listWorkers(connection))[0])
  await vi.waitFor(async () => expect(await isUp()).toBeDefined(), START)
  return program
}

test.for(["gateway", "worker"] as const)(
  "a %s whose log nobody reads ends all the same when it is told to stop",
  { timeout: 30_000 },
  async (app) => {
    const program = await startUnread(app)
    program.terminate()
    await expect.poll(() => lives(program.pid), { timeout: EXIT_MS, interval: 20 }).toBe(false)
    program.stdout.resume()
    expect(await program.exited).toEqual({ code: 0, signal: null })
  },
)

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
