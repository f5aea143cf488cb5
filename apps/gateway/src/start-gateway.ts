import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import {
  type Config,
  circuitSettingsFor,
  type ExecutionRecord,
  type Reply,
  TRIGGER_IDS,
  type TriggerId,
} from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import {
  announceCancellation,
  answerKey,
  appendRecords,
  freeKey,
  isStoredUpTo,
  type KeyWrite,
  type Lanes,
  listWorkers,
  markRecords,
  openConnection,
  openHookChanges,
  openLanes,
  openRecordReader,
  openReplies,
  sendReply,
  takeKey,
  takeTurn,
} from "@hooklane/queue"
import { listClients, openStorage, pruneBundles, pruneExecutions, recordExecutions } from "@hooklane/storage"
import type { Logger } from "pino"
import { type AdmissionDeps, createAdmission } from "./admission.ts"
import { createApp } from "./app.ts"
import { ensureBootstrapClient } from "./bootstrap-client.ts"
import { createCircuits } from "./circuits.ts"
import { createEnabledHooks } from "./enabled-hooks.ts"
import { newExecutionId } from "./execution-id.ts"
import { createGatewayRecords } from "./gateway-records.ts"
import { forgetDocument, startSavingDocuments } from "./hook-documents.ts"
import { findHooksInOrder } from "./hook-order.ts"
import { listen } from "./listen.ts"
import { createLostExecutionSearch } from "./lost-executions.ts"
import { createMetrics } from "./metrics.ts"
import { openPackageBuilds } from "./open-package-builds.ts"
import { publishVersion } from "./publish-version.ts"
import { startRecorder } from "./recorder.ts"
import { startRepeating } from "./repeat.ts"
import type { GatewayPhase } from "./routes/health.ts"
import { shareHooks } from "./shared-hooks.ts"

export interface GatewayOptions {
  config: Config & { redisUrl: string }
  keyRing: KeyRing
  log: Logger
  /** Of which builds see what npm needs. */
  env: Record<string, string | undefined>
}

export interface RunningGateway {
  /** Where it listens, as callers reach it. */
  url: string
  /**
   * For `drainDelayMs` it is not ready, and still takes calls; then it takes no more, answers those under way within
   * the `drainMs` that it has in all, and closes.
   */
  close(): Promise<void>
}

const DAY_MS = 86_400_000
const PRUNE_EVERY_MS = 60_000
const SEARCH_EVERY_MS = 60_000

/** How long a start waits for Redis and a readiness probe for an answer. */
const REDIS_PATIENCE_MS = 10_000
const PROBE_MS = 1_000

/** Opens the database and Redis, then listens. Several gateways on one Redis need a database they can share. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { config, log } = options
  const resources = await openResources(options)
  const { storage, connection, lanes, replies, hooksChanged } = resources
  const packageBuilds = await openPackageBuilds({ ...options, ...resources })
  const workerCount = async () => (await listWorkers(connection)).length
  const circuits = createCircuits({
    settingsFor: (triggerId) => circuitSettingsFor(config, triggerId),
    now: Date.now,
    log,
  })
  const metrics = createMetrics({ lanes, workerCount, inFlight: () => replies.inFlight, circuits })
  const records = gatewayRecords(options, resources, metrics.observe)
  let phase: GatewayPhase = "starting"
  const app = createApp({
    ...options,
    ...resources,
    ...dispatchDeps(options, resources, { workerCount, refused: metrics.refused }),
    record: records.record,
    hookDeleted: async ({ id, triggerId }) => {
      await hooksChanged(triggerId)
      await forgetDocument({ connection, log }, id)
    },
    hookSaved: async ({ id, triggerId }) => {
      await hooksChanged(triggerId)
      await packageBuilds.settle(id)
    },
    retryBuild: packageBuilds.retry,
    listWorkers: () => listWorkers(connection),
    workerCount,
    pingRedis: () => connection.ping(PROBE_MS),
    pingDatabase: async () => void (await listClients(storage)),
    phase: () => phase,
    circuits,
    metrics,
  })
  const background = [
    ...startBackground(options, resources, metrics.observe),
    startSearchForLost(options, resources, records.record),
  ]
  const listener = await listen({ fetch: app.fetch, host: config.host, port: config.port })
  const url = config.publicUrl ?? `http://${urlHost(config.host)}:${listener.port}`
  await ensureBootstrapClient({ config, storage }, url)
  phase = "running"
  log.info({ url }, "gateway started")
  return {
    url,
    async close() {
      phase = "stopping"
      await Promise.all([packageBuilds.close(), listener.close(config)])
      await Promise.all(background.map((part) => part.close()))
      await records.close()
      await closeResources(resources)
    },
  }
}

type Resources = Awaited<ReturnType<typeof openResources>>

async function closeResources({ replies, lanes, connection, storage }: Resources): Promise<void> {
  await replies.close()
  await lanes.close()
  await connection.close()
  await storage.close()
}

async function openResources({ config, keyRing, log }: GatewayOptions) {
  const gatewayId = `gw_${randomUUID().slice(0, 8)}`
  const storage = await openStorage({ databaseUrl: databaseUrl(config), keyRing })
  const connection = openConnection({
    url: config.redisUrl,
    prefix: config.redisPrefix,
    name: gatewayId,
    log,
  })
  await connection.ping(REDIS_PATIENCE_MS)
  const policyWarning = await connection.checkPolicy()
  if (policyWarning) log.warn(policyWarning)
  const ownHooks = createEnabledHooks({
    find: (triggerId) => findHooksInOrder({ storage, config }, triggerId),
    publish: (snapshot) => publishVersion({ config, storage, connection }, snapshot),
  })
  // Nobody else changes the hooks of a SQLite database, so its gateway asks nobody.
  const enabledHooks = storage.isShared
    ? shareHooks({ hooks: ownHooks, changes: openHookChanges(connection) })
    : ownHooks
  connection.onReconnect(() => {
    // What could not be published now is published with the next event.
    enabledHooks.republish().catch((err: unknown) => log.warn({ err }, "hooks were not published again"))
  })
  const hooksChanged = (triggerId: TriggerId) =>
    // The hook is saved; what could not be published now is published with the next event.
    enabledHooks
      .changed(triggerId)
      .catch((err: unknown) => log.warn({ err, triggerId }, "hook was not published"))
  const lanes = openLanes(connection, config)
  await limitLanes(lanes, config)
  connection.onReconnect(() => {
    limitLanes(lanes, config).catch((err: unknown) => log.warn({ err }, "lanes were not limited again"))
  })
  const replies = await openReplies(connection, { keyRing, gatewayId })
  return { gatewayId, storage, connection, enabledHooks, hooksChanged, lanes, replies }
}

async function limitLanes(lanes: Lanes, { laneLimits }: Config): Promise<void> {
  await Promise.all(TRIGGER_IDS.map((triggerId) => lanes.limit(triggerId, laneLimits[triggerId] ?? {})))
}

function dispatchDeps(
  { config, keyRing, log }: GatewayOptions,
  { connection, lanes, replies }: Resources,
  told: Pick<AdmissionDeps, "workerCount" | "refused">,
) {
  return {
    admission: createAdmission({
      ...config,
      ...told,
      waitingCount: lanes.waitingCount,
      load: lanes.load,
      inFlight: () => replies.inFlight,
    }),
    announceCancellation: (cancellation: { executionId: string; rememberMs: number }) =>
      announceCancellation(connection, cancellation),
    reply: (answer: { address: string; executionId: string; reply: Reply }) => {
      sendReply(connection, { keyRing, ...answer }).catch((err: unknown) => {
        log.error({ err, executionId: answer.executionId }, "reply was lost")
      })
    },
    newExecutionId,
    syncTimeoutMs: config.syncTimeoutMs,
    takeKey: (write: KeyWrite) => takeKey(connection, write),
    answerKey: (write: KeyWrite) => answerKey(connection, write),
    freeKey: (key: string) => freeKey(connection, key),
    now: Date.now,
  }
}

function gatewayRecords(
  { config, log }: GatewayOptions,
  { connection, storage }: Resources,
  observe: (record: ExecutionRecord) => void,
) {
  return createGatewayRecords({
    append: (records) => appendRecords(connection, config, records),
    store: (records) => recordExecutions(storage, records),
    observe,
    log,
  })
}

/** History and retention: what a gateway does beside answering. */
function startBackground(
  { config, log }: GatewayOptions,
  { gatewayId, storage, connection, lanes }: Resources,
  observe: (record: ExecutionRecord) => void,
) {
  const recorder = startRecorder({
    reader: openRecordReader(connection, { group: "history", consumer: gatewayId }),
    store: (records) => recordExecutions(storage, records),
    observe,
    log,
  })
  const retention = startRepeating({
    work: async () => {
      const olderThan = new Date(Date.now() - config.retentionDays * DAY_MS)
      await pruneExecutions(storage, { olderThan, keep: config.retentionExecutions })
      await pruneBundles(storage)
      await lanes.pruneDeadLetters()
    },
    everyMs: PRUNE_EVERY_MS,
    complaint: "old history could not be removed",
    log,
  })
  const documents = startSavingDocuments({ connection, storage, log })
  return [recorder, retention, documents]
}

/** Every accepted event ends somewhere: what ended unseen is closed here. */
function startSearchForLost(
  { log }: GatewayOptions,
  { storage, connection, lanes }: Resources,
  record: (record: ExecutionRecord) => void,
) {
  const search = createLostExecutionSearch({
    storage,
    lanes,
    // A little less than the rest between two turns, so that one gateway alone never misses its own.
    takeTurn: () => takeTurn(connection, { task: "lost-executions", forMs: SEARCH_EVERY_MS * 0.9 }),
    markRecords: () => markRecords(connection),
    isStoredUpTo: (mark) => isStoredUpTo(connection, mark),
    record,
    now: Date.now,
    log,
  })
  return startRepeating({
    work: search,
    everyMs: SEARCH_EVERY_MS,
    complaint: "lost executions could not be looked for",
    log,
  })
}

function databaseUrl({ databaseUrl, dataDir }: Config): string {
  return databaseUrl ?? pathToFileURL(join(dataDir, "hooklane.db")).href
}

/** An address to call for an address to listen on. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}
