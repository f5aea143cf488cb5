import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { type ProcessName, parseConfig } from "@hooklane/core"
import { ensureMasterKey } from "@hooklane/core/master-key"
import { expect, vi } from "vitest"
import { credentialsFile, findGatewayUrl } from "../scripts/launcher/credentials.ts"
import { processEnv } from "../scripts/launcher/process-env.ts"
import { type Api, createApi, login } from "./api.ts"
import { type AppProcess, startApp } from "./app-process.ts"
import { type RedisProcess, startOwnRedis } from "./redis-process.ts"

export interface ServiceOptions {
  workers?: number
  /** Environment variables of the gateway and the workers. */
  settings?: Record<string, string>
  /** The address under which a process reaches the Redis at `redisUrl`; that very one by default. */
  route?: (app: ProcessName, redisUrl: string) => string
}

interface StartOptions {
  /** Of Node, before the program's own. */
  nodeArgs?: readonly string[]
}

/** A gateway, and calls to it. */
export interface GatewayProcess {
  process: AppProcess
  api: Api
}

/** A whole service of the test's own: Redis, a gateway and workers, in a folder that goes with it. */
export interface Service {
  dir: string
  redis: RedisProcess
  /** The gateway that was started last, and calls to it. */
  readonly gateway: AppProcess
  readonly api: Api
  /** Those that run, the oldest first. */
  readonly gateways: readonly GatewayProcess[]
  /** Those that run, the oldest first. */
  readonly workers: readonly AppProcess[]
  /** Resolves when the gateway counts it among its workers. */
  startWorker(options?: StartOptions): Promise<AppProcess>
  /** Resolves when it takes calls. */
  startGateway(options?: StartOptions): Promise<GatewayProcess>
  /** What every process has printed, in the order in which it came. */
  logs(): string
  stop(): Promise<void>
}

/** Alone it takes 2 s. */
const START_MS = 45_000

/** @throws Error with the logs when it does not come up; nothing is left behind then */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { workers: count = 1, settings = {}, route = (_app, redisUrl) => redisUrl } = options
  await using resources = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), "hooklane-e2e-"))
  resources.defer(() => rm(dir, { recursive: true, force: true }))
  await mkdir(join(dir, "tmp"))
  await ensureMasterKey({ dataDir: dir, masterKey: undefined })
  const redis = await startOwnRedis(join(dir, "redis"))
  resources.defer(() => redis.stop())

  const lines: string[] = []
  const running: AppProcess[] = []
  resources.defer(async () => {
    for (const app of running) app.kill()
    await Promise.all(running.map((app) => app.exited))
  })
  const start = async (app: "gateway" | "worker", name: string, nodeArgs: readonly string[] = []) => {
    const started = await startApp({
      name,
      args: [...nodeArgs, join(import.meta.dirname, `../apps/${app}/src/main.ts`)],
      env: envOf(app, { dir, redisUrl: route(app, redis.url), settings }),
      onLine: (line) => lines.push(line),
    })
    running.push(started)
    return started
  }

  async function startGateway({ nodeArgs }: StartOptions = {}): Promise<GatewayProcess> {
    const since = Date.now()
    gateway = await start("gateway", "gateway", nodeArgs)
    const url = await vi.waitFor(() => gatewayUrl(dir, since), { timeout: START_MS, interval: 20 })
    api = createApi({ url, token: await firstToken(dir, url) })
    const started = { process: gateway, api }
    gateways.push(started)
    void gateway.exited.then(() => gateways.splice(gateways.indexOf(started), 1))
    return started
  }

  async function startWorker({ nodeArgs }: StartOptions = {}): Promise<AppProcess> {
    const worker = await start("worker", `worker ${running.length}`, nodeArgs)
    workers.push(worker)
    void worker.exited.then(() => workers.splice(workers.indexOf(worker), 1))
    await vi.waitFor(async () => expect(await workerPids(api)).toContain(worker.pid), START_MS)
    return worker
  }

  let gateway: AppProcess
  let api: Api
  const gateways: GatewayProcess[] = []
  const workers: AppProcess[] = []
  const logs = () => lines.join("\n")
  try {
    await startGateway()
    await Promise.all(Array.from({ length: count }, () => startWorker()))
  } catch (cause) {
    throw new Error(`The service did not start:\n${logs()}`, { cause })
  }
  const owned = resources.move()
  return {
    dir,
    redis,
    get gateway() {
      return gateway
    },
    get api() {
      return api
    },
    gateways,
    workers,
    startWorker,
    startGateway,
    logs,
    stop: () => owned.disposeAsync(),
  }
}

/** Ids and command lines of the processes that run hooks: each is told the folder of its worker. */
export async function hookProcesses({ dir }: Pick<Service, "dir">): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "pid=,args="])
  return stdout.split("\n").filter((line) => line.includes(join(dir, "tmp")))
}

function envOf(
  app: ProcessName,
  { dir, redisUrl, settings }: { dir: string; redisUrl: string; settings: Record<string, string> },
): Record<string, string> {
  const given = {
    PORT: "0",
    HOOKLANE_DATA_DIR: dir,
    REDIS_URL: redisUrl,
    TMPDIR: join(dir, "tmp"),
    HOOKLANE_RATE_LIMIT_BURST: "0",
    ...settings,
  }
  // What is misspelt fails here, with the sentence of the settings themselves.
  parseConfig(given)
  return processEnv(app, {}, given)
}

async function gatewayUrl(dir: string, since: number): Promise<string> {
  const url = await findGatewayUrl(dir, since)
  if (!url) throw new Error("The gateway has not said where it listens")
  return url
}

async function firstToken(dir: string, url: string): Promise<string> {
  const { clientId, clientSecret } = JSON.parse(await readFile(credentialsFile(dir), "utf8"))
  return login(url, clientId, clientSecret)
}

async function workerPids(api: Api): Promise<number[]> {
  const workers = await api.get<{ pid: number }[]>("/v1/workers")
  return workers.map(({ pid }) => pid)
}
