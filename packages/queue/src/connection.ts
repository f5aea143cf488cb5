import { parseRedisUrl } from "@hooklane/core"
import type { Redis, RedisOptions } from "ioredis"
import { type Commands, createCommands } from "./commands.ts"
import { corkWrites } from "./corked-writes.ts"
import { type Log, silentLog } from "./log.ts"
import { keyPrefixOf, openClient } from "./open-client.ts"
import { createOutbox, type Outbox } from "./outbox.ts"

export interface ConnectionOptions {
  /** As `parseRedisUrl` reads it: a server, `unix:///path/to.sock` (another database: `?db=2`), sentinels or a cluster. */
  url: string
  /** First part of every key, so that several deployments can share one Redis. */
  prefix: string
  /** Shown in `CLIENT LIST`, followed by what each connection of the process is for. */
  name?: string
  /** Time after which a command is given up with AppError redis_unavailable; default 2,000. */
  timeoutMs?: number
  log?: Log
}

/** A process's way to Redis: reconnects by itself for ever, and never lets a caller hang. */
export interface QueueConnection {
  readonly prefix: string
  readonly log: Log
  /** Over the one connection that the whole process shares. For the modules of this package. */
  readonly commands: Commands
  /** Takes replies and records to where they are waited for. For the modules of this package. */
  readonly outbox: Outbox
  /** A connection of its own, for what blocks or subscribes. For the modules of this package. */
  open(purpose: string, options?: RedisOptions): Redis
  /** Like `commands`, over a connection of its own. For the modules of this package. */
  openCommands(purpose: string, options?: RedisOptions): Commands
  /** Calls `listener` each time the shared connection is back after it was lost: Redis may hold less than before. */
  onReconnect(listener: () => void): void
  /** @throws AppError redis_unavailable when Redis does not answer within `timeoutMs` */
  ping(timeoutMs: number): Promise<void>
  /** A sentence for the operator when Redis may drop keys to save memory; undefined when it may not. */
  checkPolicy(): Promise<string | undefined>
  /** The part of its `maxmemory` that Redis uses, 0 without such a bound. @throws AppError redis_unavailable */
  usedMemoryShare(): Promise<number>
  /** Ends every connection. Lanes, consumers and readers are closed before. */
  close(): Promise<void>
}

const MAX_RECONNECT_DELAY_MS = 1_000

// Above the longest blocking read (10 s): only a connection that died without a word is cut.
const SILENCE_MS = 15_000

/** Opens at once and in the background; `ping` waits until Redis is there. */
export function openConnection(options: ConnectionOptions): QueueConnection {
  const { url, name = "hooklane", timeoutMs = 2_000, log = silentLog } = options
  const target = parseRedisUrl(url)
  const prefix = keyPrefixOf(target, options.prefix)
  const opened = new Set<Redis>()

  function open(purpose: string, overrides: RedisOptions = {}): Redis {
    const client = openClient(target, prefix, clientOptions(`${name}:${purpose}`, overrides))
    opened.add(client)
    client.on("end", () => opened.delete(client))
    reportTrouble(client, log)
    return client
  }

  function openCommands(purpose: string, overrides?: RedisOptions): Commands {
    const client = open(purpose, overrides)
    corkWrites(client)
    return createCommands(client, timeoutMs)
  }

  const commands = openCommands("shared")
  return {
    prefix,
    log,
    commands,
    outbox: createOutbox({ prefix, commands }),
    open,
    openCommands,
    onReconnect: (listener) => callOnReturn(commands.client, listener),
    ping: async (limitMs) => {
      await commands.run((client) => client.ping(), limitMs)
    },
    checkPolicy: async () => describePolicy(await commands.run((client) => client.info("memory"))),
    usedMemoryShare: async () => describeUse(await commands.run((client) => client.info("memory"))),
    close: async () => {
      await closeCommands(commands)
      for (const client of opened) client.disconnect()
    },
  }
}

/** Lets the commands on their way be answered, half a second at most, and disconnects. */
export async function closeCommands({ client, run }: Commands): Promise<void> {
  if (client.status === "ready") await Promise.allSettled([run(() => client.quit(), 500)])
  client.disconnect()
}

function clientOptions(connectionName: string, overrides: RedisOptions): RedisOptions {
  return {
    connectionName,
    // What a consumer has begun must reach Redis however long it is away; callers are bounded by `Commands`.
    maxRetriesPerRequest: null,
    maxLoadingRetryTime: 500,
    socketTimeout: SILENCE_MS,
    // After a failover another server is to be found, and this one takes no more writes.
    reconnectOnError: (error) => /^(READONLY|MOVED) /.test(error.message),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_DELAY_MS),
    ...overrides,
  }
}

function callOnReturn(client: Redis, listener: () => void): void {
  let wasReady = client.status === "ready"
  client.on("ready", () => {
    if (wasReady) listener()
    wasReady = true
  })
}

/** One line when the connection fails and one when it is back, however many tries lie between. */
function reportTrouble(client: Redis, log: Log): void {
  const connection = client.options.connectionName
  let isReported = false
  client.on("error", (err) => {
    if (isReported) return
    isReported = true
    log.warn({ err, connection }, "redis connection failed")
  })
  client.on("ready", () => {
    if (isReported) log.info({ connection }, "redis connection is back")
    isReported = false
  })
}

function describeUse(memoryInfo: string): number {
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(memoryInfo)?.[1] ?? 0)
  const max = read("maxmemory")
  return max === 0 ? 0 : read("used_memory") / max
}

function describePolicy(memoryInfo: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(memoryInfo)?.[1]
  if (policy === undefined || policy === "noeviction") return undefined
  return `Redis drops keys when its memory is full (maxmemory-policy is ${policy}): set it to noeviction, or events may be lost`
}
