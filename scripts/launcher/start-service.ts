import { join } from "node:path"
import type { Config } from "@hooklane/core"
import { step } from "../bootstrap/steps.mjs"
import { findBwrapHere } from "../bwrap.ts"
import { generatePassword, planRedis } from "../redis/plan-redis.ts"
import { redisUrl } from "../redis/redis-address.ts"
import { waitForPreviousRedis, waitForRedis } from "../redis/wait-for-redis.ts"
import { findRedisHere } from "../redis.ts"
import { findGatewayUrl } from "./credentials.ts"
import { processEnv } from "./process-env.ts"
import type { ProcessGroups } from "./process-groups.ts"
import type { ProcessSpec } from "./supervise.ts"
import { waitForReady } from "./wait-for-ready.ts"

export interface ServiceDeps {
  config: Config
  env: Record<string, string | undefined>
  /** Absolute path of the data folder. */
  dataDir: string
  /** The main files of the two apps; they run from their TypeScript source with the Node that runs this. */
  apps: { gateway: string; worker: string }
  processes: ProcessGroups
  /** Aborted when the service shall stop; its reason ends every wait. */
  signal: AbortSignal
}

type Note = (text: string) => void

/** A process gets this much longer than HOOKLANE_DRAIN_MS before it is killed: it may need to close things. */
const CLOSE_MS = 5_000

/** Starts Redis (when there is none), workers and gateway; resolves with the gateway's address when it is ready. */
export async function startService(deps: ServiceDeps): Promise<string> {
  const since = Date.now()
  const { workers } = deps.config
  const given = {
    HOOKLANE_DATA_DIR: deps.dataDir,
    REDIS_URL:
      deps.config.redisUrl ?? (await step("Starting Redis", (note) => startPrivateRedis(deps, note))),
    ...(await bubblewrap(deps)),
  }
  return step(`Starting the gateway and ${workers} worker${workers === 1 ? "" : "s"}`, (note) => {
    const numbers = Array.from({ length: workers }, (_, index) => index + 1)
    deps.processes.start(
      numbers.map((number) => appSpec(deps, "worker", { name: `worker ${number}`, given })),
    )
    deps.processes.start([appSpec(deps, "gateway", { name: "gateway", given })])
    return waitForReady({ findUrl: () => findUrl(deps, since), signal: deps.signal, note })
  })
}

async function startPrivateRedis({ dataDir, processes, signal }: ServiceDeps, note: Note): Promise<string> {
  const program = await findRedisHere(note)
  // Hooks run as the same user and may open connections: the password keeps them out.
  const password = generatePassword()
  const plan = await planRedis(program, { dir: join(dataDir, "redis"), persistence: "append_only", password })
  await waitForPreviousRedis(plan.address)
  signal.throwIfAborted()
  processes.start([{ name: "redis", ...plan.command }])
  await waitForRedis(plan.address, { signal, note })
  return redisUrl(plan.address)
}

/** The kernel's wall around hooks, where this machine can raise it; workers say which one stands, and why. */
async function bubblewrap({ config }: ServiceDeps): Promise<Record<string, string>> {
  if (config.bwrap || config.executorUrl) return {}
  const found = await step("Looking for bubblewrap", findBwrapHere)
  return "path" in found ? { HOOKLANE_BWRAP: found.path } : {}
}

function appSpec(
  { apps, config, env }: ServiceDeps,
  app: "gateway" | "worker",
  { name, given }: { name: string; given: Record<string, string> },
): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: [apps[app]],
    env: processEnv(app, env, given),
    stopWithinMs: config.drainMs + CLOSE_MS,
  }
}

/** With PORT=0 only the gateway knows where it listens; it says so in the credentials file, at every start. */
async function findUrl({ config, dataDir }: ServiceDeps, since: number): Promise<string | undefined> {
  if (config.port === 0) return findGatewayUrl(dataDir, since)
  const host = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[config.host] ?? config.host
  return `http://${host}:${config.port}`
}
