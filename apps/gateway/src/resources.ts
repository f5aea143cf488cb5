import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { AppError, type Config, describeRedis, TRIGGER_IDS, type TriggerId } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import {
  hadHooks,
  joinKeys,
  type Lanes,
  noteHooks,
  openConnection,
  openHookChanges,
  openLanes,
  openReplies,
} from "@hooklane/queue"
import { countHooks, openStorage } from "@hooklane/storage"
import type { Logger } from "pino"
import { checkMasterKey } from "./check-master-key.ts"
import { createEnabledHooks } from "./enabled-hooks.ts"
import { findHooksInOrder } from "./hook-order.ts"
import { watchForLostHooks } from "./lost-hooks.ts"
import { publishVersion } from "./publish-version.ts"
import { shareHooks } from "./shared-hooks.ts"

export interface ResourceOptions {
  config: Config & { redisUrl: string }
  keyRing: KeyRing
  /** Told when the other processes have come to use a key that this one does not have. */
  onKeyMisfit: (error: AppError) => void
  log: Logger
}

/** How long a start waits for Redis. */
const REDIS_PATIENCE_MS = 10_000

/** What is open for as long as a gateway runs. */
export type Resources = Awaited<ReturnType<typeof openResources>>

export async function closeResources({
  keys,
  replies,
  lanes,
  connection,
  storage,
}: Resources): Promise<void> {
  await replies.close()
  await lanes.close()
  await keys.close()
  await connection.close()
  await storage.close()
}

/** Opens the database and Redis. @throws AppError redis_unavailable when Redis is not there in time */
export async function openResources({ config, keyRing, onKeyMisfit, log }: ResourceOptions) {
  const gatewayId = `gw_${randomUUID().slice(0, 8)}`
  const storage = await openStorage({ databaseUrl: databaseUrl(config), keyRing })
  await checkMasterKey(storage)
  const connection = openConnection({
    url: config.redisUrl,
    prefix: config.redisPrefix,
    name: gatewayId,
    log,
  })
  await connection.ping(REDIS_PATIENCE_MS).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `Redis at ${describeRedis(config.redisUrl)} cannot be used: ${reason}. Is REDIS_URL right, and is it running?`
    throw new AppError("redis_unavailable", message, { cause })
  })
  const keys = await joinKeys(connection, { id: gatewayId, keyRing, onMisfit: onKeyMisfit })
  const policyWarning = await connection.checkPolicy()
  if (policyWarning) log.warn(policyWarning)
  const lostHooks = await watchForLostHooks({
    countHooks: () => countHooks(storage),
    hadHooks: () => hadHooks(connection),
    noteHooks: (state) => noteHooks(connection, state),
    isAccepted: config.acceptNoHooks,
    log,
  })
  const ownHooks = createEnabledHooks({
    find: async (triggerId) => {
      const found = await findHooksInOrder({ storage, config }, triggerId)
      if (found.length === 0) await lostHooks.refuseWhileLost()
      return found
    },
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
  return { gatewayId, storage, connection, keys, enabledHooks, hooksChanged, lostHooks, lanes, replies }
}

async function limitLanes(lanes: Lanes, { laneLimits }: Config): Promise<void> {
  await Promise.all(TRIGGER_IDS.map((triggerId) => lanes.limit(triggerId, laneLimits[triggerId] ?? {})))
}

function databaseUrl({ databaseUrl, dataDir }: Config): string {
  return databaseUrl ?? pathToFileURL(join(dataDir, "hooklane.db")).href
}
