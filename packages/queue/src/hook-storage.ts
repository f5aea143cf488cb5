import { AppError } from "@hooklane/core"
import { z } from "zod"
import type { QueueConnection } from "./connection.ts"
import { createScript } from "./script.ts"

/**
 * The document that a hook keeps between its runs. Redis holds the newest state, sealed, and counts its versions; a
 * hash names the hooks whose document the database does not have yet. A document that Redis does not know is not an
 * empty one: a Redis that came back empty must not make hooks start over. It has to be restored first.
 */

export interface HookDocument {
  /** Counts its writes; 0 before the first. */
  version: number
  /** Absent when there is none, or it was removed. */
  sealed?: string | undefined
}

export interface DocumentWrite {
  hookId: string
  /** Nothing removes the document. */
  sealed: string | undefined
  /** The version that must not have been followed by another; any when it is left out. */
  onlyAfter?: number | undefined
}

const hashSchema = z.tuple([z.coerce.number().nullable(), z.string().nullable()])
const writtenSchema = z.tuple([z.enum(["written", "conflict", "unknown"]), z.coerce.number(), z.string()])

/** @throws AppError redis_unavailable, also when it has to be restored */
export async function readDocument(
  { commands, prefix }: QueueConnection,
  hookId: string,
): Promise<HookDocument> {
  const found = await commands.run((client) => client.hmget(documentKey(prefix, hookId), "version", "sealed"))
  const [version, sealed] = hashSchema.parse(found.map((field) => field ?? null))
  if (version === null) throw notRestored(hookId)
  return toDocument(version, sealed ?? "")
}

const write = createScript(`
  local version = redis.call("HGET", KEYS[1], "version")
  if not version then return { "unknown", 0, "" } end
  if ARGV[2] ~= "" and ARGV[2] ~= version then
    return { "conflict", version, redis.call("HGET", KEYS[1], "sealed") or "" }
  end
  local next = version + 1
  redis.call("HSET", KEYS[1], "version", next, "sealed", ARGV[1])
  redis.call("HSET", KEYS[2], ARGV[3], next)
  return { "written", next, "" }`)

/**
 * Writes the next version, unless another one came after `onlyAfter`: then that one comes back as `conflict`.
 * @throws AppError redis_unavailable, also when it has to be restored
 */
export async function writeDocument(
  { commands, prefix }: QueueConnection,
  { hookId, sealed = "", onlyAfter }: DocumentWrite,
): Promise<{ version: number } | { conflict: HookDocument }> {
  const keys = [documentKey(prefix, hookId), unsavedKey(prefix)]
  const answer = await commands.run((client) => write(client, keys, [sealed, onlyAfter ?? "", hookId]))
  const [status, version, current] = writtenSchema.parse(answer)
  if (status === "unknown") throw notRestored(hookId)
  return status === "written" ? { version } : { conflict: toDocument(version, current) }
}

const restore = createScript(`
  if redis.call("EXISTS", KEYS[1]) == 0 then
    redis.call("HSET", KEYS[1], "version", ARGV[1], "sealed", ARGV[2])
  end`)

/**
 * Gives Redis the document that the database has, unless Redis knows a state of it.
 * @param load asked only when Redis knows none
 * @throws AppError redis_unavailable
 */
export async function restoreDocument(
  { commands, prefix }: QueueConnection,
  hookId: string,
  load: () => Promise<HookDocument>,
): Promise<void> {
  const key = documentKey(prefix, hookId)
  if ((await commands.run((client) => client.exists(key))) === 1) return
  const { version, sealed = "" } = await load()
  await commands.run((client) => restore(client, [key], [version, sealed]))
}

/** The hooks whose document has a state that the database has not, each with its version. @throws AppError redis_unavailable */
export async function listUnsaved({ commands, prefix }: QueueConnection): Promise<Map<string, number>> {
  const unsaved = await commands.run((client) => client.hgetall(unsavedKey(prefix)))
  return new Map(Object.entries(unsaved).map(([hookId, version]) => [hookId, Number(version)]))
}

const settle = createScript(
  `if redis.call("HGET", KEYS[1], ARGV[1]) == ARGV[2] then redis.call("HDEL", KEYS[1], ARGV[1]) end`,
)

/** The database has this version now; a later one stays listed. @throws AppError redis_unavailable */
export async function markSaved(
  { commands, prefix }: QueueConnection,
  { hookId, version }: { hookId: string; version: number },
): Promise<void> {
  await commands.run((client) => settle(client, [unsavedKey(prefix)], [hookId, version]))
}

/** For a hook that was deleted: runs of it that are under way can write nothing any more. @throws AppError redis_unavailable */
export async function removeDocument({ commands, prefix }: QueueConnection, hookId: string): Promise<void> {
  await commands.run((client) =>
    client.multi().del(documentKey(prefix, hookId)).hdel(unsavedKey(prefix), hookId).exec(),
  )
}

function toDocument(version: number, sealed: string): HookDocument {
  return sealed === "" ? { version } : { version, sealed }
}

function notRestored(hookId: string): AppError {
  return new AppError(
    "redis_unavailable",
    `The storage of hook ${hookId} is not in Redis; it is restored soon`,
  )
}

function documentKey(prefix: string, hookId: string): string {
  return `${prefix}:storage:${hookId}`
}

function unsavedKey(prefix: string): string {
  return `${prefix}:storage-unsaved`
}
