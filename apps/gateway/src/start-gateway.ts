import { circuitSettingsFor, type ExecutionRecord, type Hook, type Reply } from "@hooklane/core"
import {
  announceCancellation,
  answerKey,
  appendRecords,
  freeKey,
  type KeyWrite,
  listWorkers,
  SHORT_GRACE_MS,
  sendReply,
  takeKey,
  untilAway,
} from "@hooklane/queue"
import { currentSigningKey, recordExecutions } from "@hooklane/storage"
import { type AdmissionDeps, createAdmission } from "./admission.ts"
import { createApp } from "./app.ts"
import { startBackground } from "./background.ts"
import { ensureBootstrapClient } from "./bootstrap-client.ts"
import { createCircuits } from "./circuits.ts"
import { startDatabaseWatch } from "./database-watch.ts"
import { newExecutionId } from "./execution-id.ts"
import { createGatewayRecords } from "./gateway-records.ts"
import { forgetDocument } from "./hook-documents.ts"
import { listen } from "./listen.ts"
import { createMetrics } from "./metrics.ts"
import { openPackageBuilds } from "./open-package-builds.ts"
import { closeResources, openResources, type ResourceOptions, type Resources } from "./resources.ts"
import type { GatewayPhase } from "./routes/health.ts"

export interface GatewayOptions extends ResourceOptions {
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

/** How long a readiness probe waits for an answer. */
const PROBE_MS = 1_000

/** Opens the database and Redis, then listens. Several gateways on one Redis need a database they can share. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { config, log } = options
  const resources = await openResources(options)
  const { storage, connection, lanes, replies, lostHooks } = resources
  // Made now, so that the first caller need not wait for it.
  await currentSigningKey(storage)
  const packageBuilds = await openPackageBuilds({ ...options, ...resources })
  const workerCount = async () => (await listWorkers(connection)).length
  const circuits = createCircuits({
    settingsFor: (triggerId) => circuitSettingsFor(config, triggerId),
    now: Date.now,
    log,
  })
  const metrics = createMetrics({
    lanes,
    listWorkers: () => listWorkers(connection),
    inFlight: () => replies.inFlight,
    circuits,
  })
  const records = gatewayRecords(options, resources, metrics.observe)
  let phase: GatewayPhase = "starting"
  const app = createApp({
    ...options,
    ...resources,
    ...dispatchDeps(options, resources, { workerCount, refused: metrics.refused }),
    record: records.record,
    ...afterChanges(options, resources, packageBuilds),
    retryBuild: packageBuilds.retry,
    listWorkers: () => listWorkers(connection),
    workerCount,
    pingRedis: () => connection.ping(PROBE_MS),
    pingDatabase: async () => {
      await databaseWatch.check()
      await lostHooks.refuseWhileLost()
    },
    phase: () => phase,
    circuits,
    metrics,
  })
  const databaseWatch = startDatabaseWatch({ probe: () => storage.dialect.probe(), log })
  const background = startBackground(options, resources, { observe: metrics.observe, record: records.record })
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
      await untilAway(connection, closeAll([databaseWatch, ...background, records]))
      await untilAway(connection, closeResources(resources), SHORT_GRACE_MS)
    },
  }
}

/** What follows the change of a hook. */
function afterChanges(
  { log }: GatewayOptions,
  { connection, hooksChanged, lostHooks }: Resources,
  packageBuilds: Awaited<ReturnType<typeof openPackageBuilds>>,
) {
  return {
    async hookDeleted({ id, triggerId }: ChangedHook) {
      await lostHooks.hookDeleted()
      await hooksChanged(triggerId)
      await forgetDocument({ connection, log }, id)
    },
    async hookSaved({ id, triggerId }: ChangedHook) {
      await lostHooks.hookSaved()
      await hooksChanged(triggerId)
      await packageBuilds.settle(id)
    },
  }
}

type ChangedHook = Pick<Hook, "id" | "triggerId">

/** The last one when the others are closed: they may tell it something. */
async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(parts.slice(0, -1).map((part) => part.close()))
  await parts.at(-1)?.close()
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
      usedMemoryShare: connection.usedMemoryShare,
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

/** An address to call for an address to listen on. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}
