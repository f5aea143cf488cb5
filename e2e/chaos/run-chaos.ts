import { setTimeout as sleep } from "node:timers/promises"
import { createPostgresDatabase } from "../../packages/storage/test/postgres-database.ts"
import { scriptOf } from "../api.ts"
import { type Service, startService } from "../service.ts"
import { audit, type Findings } from "./audit.ts"
import { FAULTS, type FaultName, LANE_LENGTH, type World } from "./faults.ts"
import { type Ledger, openLedger } from "./ledger.ts"
import { type Load, startLoad } from "./load.ts"
import { createRandom, type Random } from "./random.ts"
import { openRedisLink } from "./redis-link.ts"

export interface ChaosOptions {
  seed: number
  /** How long faults are injected; each kind comes at least once. */
  seconds: number
  /** On PostgreSQL there are two gateways. */
  database: "sqlite" | "postgres"
  /** Told of each fault as it begins. */
  note?: (text: string) => void
}

export interface ChaosReport
  extends Findings,
    Pick<ChaosOptions, "seed" | "seconds" | "database">,
    Pick<Load, "calls" | "events">,
    Pick<Ledger, "entries"> {
  faults: FaultName[]
  syncTimeoutMs: number
  /** What every process has printed. */
  logs: string
}

const PER_SECOND = 8
const SYNC_TIMEOUT_MS = 3_000
const RETRIES = { attempts: 10, firstDelayMs: 100, maxDelayMs: 1_000 }

/** Runs a service under load, does it harm, and then counts what was promised. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, database, note = () => {} } = options
  await using resources = new AsyncDisposableStack()
  const ledger = await openLedger()
  resources.defer(() => ledger.close())
  const links = { gateway: await openRedisLink(), worker: await openRedisLink() }
  resources.defer(async () => void (await Promise.all([links.gateway.close(), links.worker.close()])))
  const postgres = database === "postgres" ? await createPostgresDatabase() : undefined
  resources.defer(async () => postgres?.drop())
  const service = await startService({
    workers: 2,
    settings: { ...settingsOf(ledger), ...(postgres && { DATABASE_URL: postgres.url }) },
    route: (app, redisUrl) => links[app === "gateway" ? "gateway" : "worker"].leadTo(redisUrl),
  })
  resources.defer(() => service.stop())
  if (postgres) await service.startGateway()
  await createHooks(service, ledger)

  const startedAt = Date.now()
  const load = startLoad({ service, perSecond: PER_SECOND, name: `chaos-${seed}` })
  const random = createRandom(seed)
  const world: World = { service, links, load, random, gatewaysKilled: [] }
  const faults: FaultName[] = []
  for (const together of plan(random, () => (Date.now() - startedAt) / 1_000 > seconds)) {
    note(`${((Date.now() - startedAt) / 1_000).toFixed(1)} s  ${together.join(" + ")}`)
    await Promise.all(together.map((name) => FAULTS[name](world)))
    faults.push(...together)
    await sleep(random.between(0, 500))
  }
  const lasted = (Date.now() - startedAt) / 1_000
  await load.stop()
  note(`${((Date.now() - startedAt) / 1_000).toFixed(1)} s  counting`)
  const findings = await audit({ world, ledger, syncTimeoutMs: SYNC_TIMEOUT_MS })
  const { calls, events } = load
  const { entries } = ledger
  const seen = { calls, events, entries, logs: service.logs() }
  return { seed, seconds: lasted, database, faults, syncTimeoutMs: SYNC_TIMEOUT_MS, ...seen, ...findings }
}

/** Every fault in a random order, one to three at a time, over and over until the time is over. */
function* plan(random: Random, isOver: () => boolean): Generator<FaultName[]> {
  do {
    const names = random.shuffle(Object.keys(FAULTS).filter(isFault))
    while (names.length > 0) yield names.splice(0, random.between(1, 3))
  } while (!isOver())
}

function isFault(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name)
}

function settingsOf(ledger: Ledger): Record<string, string> {
  return {
    HOOKLANE_EGRESS: "allowlist",
    HOOKLANE_EGRESS_EXCEPTIONS: ledger.host,
    HOOKLANE_SYNC_TIMEOUT_MS: String(SYNC_TIMEOUT_MS),
    HOOKLANE_MAX_LANE_LENGTH: String(LANE_LENGTH),
    HOOKLANE_RETRIES: JSON.stringify({ "post-user-registration": RETRIES, "post-change-password": RETRIES }),
  }
}

/** Hooks that write each run into the ledger, by the id of its execution, after up to 200 ms of work. */
async function createHooks({ api }: Service, ledger: Ledger): Promise<void> {
  const report = (event: string, answer: string) => `
    const { event, isPoison } = ${event}
    if (isPoison) return cb(new Error("poison"))
    const { executionId, attempt } = context.webtask
    const body = JSON.stringify({ executionId, attempt, event })
    const send = () => fetch("http://${ledger.host}/", { method: "POST", body })
      .then(({ status }) => status === 204 ? ${answer} : cb(new Error("The ledger said " + status)), cb)
    setTimeout(send, Math.random() * 200)`
  const hooks = [
    { triggerId: "credentials-exchange", answer: "cb(null, { scope: [String(event)] })" },
    { triggerId: "post-user-registration", answer: "cb()" },
    { triggerId: "post-change-password", answer: "cb()" },
  ] as const
  for (const { triggerId, answer } of hooks) {
    await api.post("/api/v2/hooks", {
      name: triggerId,
      triggerId,
      script: scriptOf(triggerId, report("context", answer)),
      enabled: true,
    })
  }
}
