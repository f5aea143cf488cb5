import type { ClusterTarget, RedisTarget, SentinelTarget } from "@hooklane/core"
import { Redis, type RedisOptions } from "ioredis"
import { slotOwnerConnector } from "./slot-owner.ts"

/** A host that is gone is left for the next one after this. */
const HOST_PATIENCE_MS = 1_000

/**
 * A connection to the one server that holds our keys, wherever that is: it is looked for again with every reconnect.
 * In a cluster that is the master of the slot that `keyPrefix` belongs to, so that everything works as on a server.
 */
export function openClient(target: RedisTarget, keyPrefix: string, options: RedisOptions): Redis {
  switch (target.kind) {
    case "server":
      return new Redis(target.url.replace(/^unix:\/\//, ""), options)
    case "sentinel":
      return new Redis({ ...sentinelOptions(target), ...options })
    case "cluster":
      return new Redis({ ...clusterOptions(target, keyPrefix), ...options })
    default:
      return target satisfies never
  }
}

/** First part of every key: in a cluster with a hash tag, which keeps all of them in one slot. */
export function keyPrefixOf(target: RedisTarget, prefix: string): string {
  return target.kind === "cluster" ? `{${prefix}}` : prefix
}

function sentinelOptions(target: SentinelTarget): RedisOptions {
  const { sentinels, name, db, isTls, sentinelUsername, sentinelPassword } = target
  return {
    sentinels,
    name,
    db,
    ...loginOptions(target),
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(isTls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    connectTimeout: HOST_PATIENCE_MS,
    sentinelCommandTimeout: HOST_PATIENCE_MS,
    sentinelRetryStrategy: () => HOST_PATIENCE_MS / 2,
  }
}

function clusterOptions(target: ClusterTarget, keyPrefix: string): RedisOptions {
  const login = loginOptions(target)
  const askNode = { ...login, connectTimeout: HOST_PATIENCE_MS, commandTimeout: HOST_PATIENCE_MS }
  return {
    ...login,
    connectTimeout: HOST_PATIENCE_MS,
    Connector: slotOwnerConnector(target, keyPrefix, askNode),
  }
}

function loginOptions({ username, password, isTls }: SentinelTarget | ClusterTarget): RedisOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  }
}
