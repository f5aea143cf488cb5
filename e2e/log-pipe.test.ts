import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
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

/** Every write to it fails: there is no room. */
const FULL_DISK = 'exec "$@" > /dev/full'

/** A pipe whose reader went away. */
const NO_READER =
  'mkfifo "$HOOKLANE_DATA_DIR/log"; (read -r _ < "$HOOKLANE_DATA_DIR/log") & exec "$@" > "$HOOKLANE_DATA_DIR/log"'

/** A gateway or a worker whose standard output is what `wrapper` makes of it. */
async function startWithOutput(app: "gateway" | "worker", wrapper: string) {
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
    args: ["-c", wrapper, "sh", process.execPath, main],
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
  return { program, isUp, dir }
}

test.for(["gateway", "worker"] as const)(
  "a %s whose log nobody reads ends all the same when it is told to stop",
  { timeout: 30_000 },
  async (app) => {
    const { program } = await startWithOutput(app, FILL_FIRST)
    program.terminate()
    await expect.poll(() => lives(program.pid), { timeout: EXIT_MS, interval: 20 }).toBe(false)
    program.stdout.resume()
    expect(await program.exited).toEqual({ code: 0, signal: null })
  },
)

test.runIf(process.platform === "linux").for([
  ["gateway", "is on a full disk", FULL_DISK],
  ["gateway", "lost its reader", NO_READER],
  ["worker", "is on a full disk", FULL_DISK],
  ["worker", "lost its reader", NO_READER],
] as const)("a %s whose log %s goes on and ends well", { timeout: 30_000 }, async ([app, , wrapper]) => {
  const { program, dir, isUp } = await startWithOutput(app, wrapper)
  const url = await findGatewayUrl(dir, 0)
  // A few batches of lines, one per request.
  for (let count = 0; url && count < 60; count += 1)
    expect((await fetch(`${url}/api/v2/hooks`)).status).toBe(401)
  await delay(700)
  expect(await isUp()).toBeDefined()
  program.terminate()
  expect(await program.exited).toEqual({ code: 0, signal: null })
})

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
