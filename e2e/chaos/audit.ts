import { setTimeout as sleep } from "node:timers/promises"
import { isFinal } from "@hooklane/core"
import { openConnection, type QueueConnection } from "@hooklane/queue"
import { vi } from "vitest"
import type { Execution } from "../api.ts"
import { hookProcesses, type Service } from "../service.ts"
import { checkAnswers, type Executions } from "./check-answers.ts"
import type { World } from "./faults.ts"
import type { Ledger } from "./ledger.ts"
import type { AsyncEvent, SyncCall } from "./load.ts"

export interface AuditOptions {
  world: World
  ledger: Pick<Ledger, "entries">
  syncTimeoutMs: number
}

/** What became of the accepted events, and a sentence for each promise that was not kept. */
export interface Findings {
  ends: Record<string, number>
  broken: string[]
}

/** Longer than the lock of a lost job, its attempts after that and the history's way together. */
const SETTLE_MS = 60_000

/** Answers belong to the caller a second after the deadline at the latest. */
const ANSWER_MS = 1_000

const STOP_MS = 15_000

/** Questions to the history at a time. */
const ASKERS = 4

/** What Redis holds of a deployment at rest, beside what expires by itself and dead letters. */
const AT_REST =
  /:(records|workers|hooks-mark|had-hooks|snapshots-hooks|key-check|key-rings|[a-z-]+:(meta|id|events|stalled-check|failed|marker|limiter))$/

/** Everything that was promised, looked at from outside. Stops the service's processes. */
export async function audit(options: AuditOptions): Promise<Findings> {
  const { world, ledger } = options
  const { service, load } = world
  const told = [...load.events, ...load.calls, ...ledger.entries].flatMap(
    ({ executionId }) => executionId ?? [],
  )
  const executions = await settled(service, [...new Set(told)])
  const broken = [
    ...load.calls.flatMap((call) => checkCall(options, call)),
    ...load.events.flatMap((event) => checkEvent(event, executions)),
    ...checkAnswers({ ...load, ...ledger, executions }),
    ...checkLedger(ledger, load.events, load.calls),
    ...(await checkHistory(service)),
    ...(await checkRedis(service)),
    ...(await checkProcesses(service)),
  ]
  const ends: Record<string, number> = {}
  for (const { executionId = "" } of load.events) {
    const status = executions.get(executionId)?.status ?? "unknown"
    ends[status] = (ends[status] ?? 0) + 1
  }
  return { ends, broken }
}

/** The executions that anybody was told of, final if they became so in time. */
async function settled(service: Service, executionIds: string[]): Promise<Executions> {
  const giveUpAt = Date.now() + SETTLE_MS
  const found = new Map<string, Execution>()
  const left = executionIds.values()
  const askers = Array.from({ length: ASKERS }, async () => {
    for (const id of left) {
      const look = async () => {
        const execution = await service.api.execution(id)
        found.set(id, execution)
        if (!isFinal(execution.status)) throw new Error(`It is ${execution.status}`)
      }
      const timeout = Math.max(1, giveUpAt - Date.now())
      // What is not over by then is found wanting below.
      await vi.waitFor(look, { timeout, interval: 100 }).catch(() => undefined)
    }
  })
  await Promise.all(askers)
  return found
}

function checkCall({ world, syncTimeoutMs }: AuditOptions, call: SyncCall): string[] {
  const { event, startedAt, endedAt, answer, gatewayUrl } = call
  const tookMs = endedAt - startedAt
  const hadGateway =
    gatewayUrl !== undefined &&
    !world.gatewaysKilled.some(({ url, at }) => url === gatewayUrl && at <= endedAt)
  const broken: string[] = []
  if (tookMs > syncTimeoutMs + ANSWER_MS) broken.push(`call ${event} took ${tookMs} ms (${answer})`)
  if (answer === "cut off" && hadGateway) broken.push(`call ${event} was cut off though the gateway lived`)
  if (!/^(cut off|[a-z_]+)$/.test(answer) || answer === "internal_error")
    broken.push(`call ${event} was answered with ${answer}`)
  return broken
}

function checkEvent(
  { event, isPoison, refused, executionId = "" }: AsyncEvent,
  executions: Executions,
): string[] {
  if (refused) return [`event ${event} was not accepted: ${refused}`]
  const execution = executions.get(executionId)
  if (!execution) return [`event ${event} was accepted and has no execution`]
  const { id, status } = execution
  if (status === "dead_letter" || (status === "succeeded" && !isPoison)) return []
  return [`event ${event} (${id}) was accepted and is ${status}`]
}

function checkLedger(
  { entries }: Pick<Ledger, "entries">,
  events: readonly AsyncEvent[],
  calls: readonly SyncCall[],
): string[] {
  const byEvent = Map.groupBy(entries, ({ event }) => event)
  const twice = [...byEvent].filter(([, some]) => new Set(some.map((one) => one.executionId)).size > 1)
  const rerun = calls.filter(({ event }) => (byEvent.get(event)?.length ?? 0) > 1)
  const strange = events.filter(({ event, executionId }) => {
    const [entry] = byEvent.get(event) ?? []
    return entry && executionId && entry.executionId !== executionId
  })
  return [
    ...twice.map(([event]) => `event ${event} is in the ledger under two executions`),
    ...rerun.map(({ event }) => `call ${event} ran its hook twice`),
    ...strange.map(({ event }) => `event ${event} ran under another execution than its caller was told`),
  ]
}

async function checkHistory({ api }: Service): Promise<string[]> {
  const unfinished = await Promise.all(
    ["queued", "running", "retrying"].map((status) =>
      api.get<{ executions: { id: string; status: string }[] }>(`/v1/executions?status=${status}`),
    ),
  )
  return unfinished.flatMap(({ executions }) =>
    executions.map(({ id, status }) => `the history says of ${id} that it is ${status}`),
  )
}

async function checkRedis({ redis, api }: Service): Promise<string[]> {
  const connection = openConnection({ url: redis.url, prefix: "hooklane" })
  try {
    const unread = await vi
      .waitFor(
        async () => {
          const length = await connection.commands.client.xlen("hooklane:records")
          if (length > 0) throw new Error(`${length} records`)
        },
        { timeout: SETTLE_MS, interval: 100 },
      )
      .then(
        () => [],
        (error: Error) => [`the history did not take ${error.message}`],
      )
    const lanes =
      await api.get<{ triggerId: string; waiting: number; active: number; delayed: number }[]>("/v1/queues")
    const busy = lanes.filter(({ waiting, active, delayed }) => waiting + active + delayed > 0)
    const hooks = await api.get<{ id: string }[]>("/api/v2/hooks")
    const documents = new Set(hooks.map(({ id }) => `hooklane:storage:${id}`))
    const stray = (await strayKeys(connection)).filter((key) => !documents.has(key))
    return [
      ...unread,
      ...busy.map((lane) => `the lane is not empty: ${JSON.stringify(lane)}`),
      ...stray.map((key) => `the key ${key} is left`),
    ]
  } finally {
    await connection.close()
  }
}

/** Keys that are there for good and belong to nothing. */
async function strayKeys({ commands: { client } }: QueueConnection): Promise<string[]> {
  const keys = (await client.keys("*")).filter((key) => !AT_REST.test(key))
  const stray = await Promise.all(
    keys.map(async (key) => {
      if ((await client.pttl(key)) !== -1) return false
      const [, lane, id] = /^hooklane:([a-z-]+):(exe_\w+)$/.exec(key) ?? []
      return !id || (await client.zscore(`hooklane:${lane}:failed`, id)) === null
    }),
  )
  return keys.filter((_key, index) => stray[index])
}

/** Told to stop, all of them end by themselves and leave no other process. */
async function checkProcesses(service: Service): Promise<string[]> {
  const apps = [...service.gateways.map(({ process }) => process), ...service.workers]
  for (const app of apps) app.terminate()
  const ends = await Promise.all(
    apps.map(async ({ name, exited }) => {
      const end = await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })])
      return end?.code === 0 ? [] : [`${name} did not stop: ${JSON.stringify(end ?? "it still runs")}`]
    }),
  )
  const left = await hookProcesses(service)
  return [...ends.flat(), ...left.map((line) => `a process is left: ${line}`)]
}
