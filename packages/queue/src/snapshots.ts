import { type Snapshot, snapshotSchema } from "@hooklane/core"
import { execPipeline } from "./commands.ts"
import type { QueueConnection } from "./connection.ts"
import { parseText } from "./parse-text.ts"

/** A worker asks again with each try of its job. */
const WANTED_SECONDS = 300
const WANTED_AT_ONCE = 100
const VERSIONS_PER_COMMAND = 500

/**
 * Makes a version available to workers for `retentionDays` from now; publishing it again begins anew. Those that
 * no job needs are dropped before: see `listReplacedVersions`.
 * @throws AppError redis_unavailable
 */
export async function publishSnapshot(
  { commands, prefix }: QueueConnection,
  { snapshot, retentionDays }: { snapshot: Snapshot; retentionDays: number },
): Promise<void> {
  const { versionId, hookId } = snapshot
  const seconds = Math.ceil(retentionDays * 86_400)
  const list = versionsKey(prefix, hookId)
  await commands.run((client) =>
    execPipeline(
      client
        .pipeline()
        .set(snapshotKey(prefix, versionId), JSON.stringify(snapshot), "EX", seconds)
        // The moment of the first time stays: no job is older.
        .zadd(list, "NX", Date.now(), versionId)
        .expire(list, seconds)
        .sadd(hooksKey(prefix), hookId),
    ),
  )
}

/** Versions of one hook, and when each was first published (epoch ms). */
export interface ReplacedVersions {
  hookId: string
  versions: { versionId: string; publishedAt: number }[]
}

/**
 * Of each hook the published versions but the `keep` newest, and but those whose successor came after
 * `replacedBefore` (epoch ms): new jobs do not come for them. Those that a waiting job needs are among them.
 * @throws AppError redis_unavailable
 */
export async function listReplacedVersions(
  { commands, prefix }: QueueConnection,
  { keep, replacedBefore }: { keep: number; replacedBefore: number },
): Promise<ReplacedVersions[]> {
  const found: ReplacedVersions[] = []
  for (const hookId of await commands.run((client) => client.smembers(hooksKey(prefix)))) {
    const pairs = await commands.run((client) =>
      client.zrange(versionsKey(prefix, hookId), "0", "-1", "WITHSCORES"),
    )
    // The list has gone with the time of its last version.
    if (pairs.length === 0) await commands.run((client) => client.srem(hooksKey(prefix), hookId))
    const all = Array.from({ length: pairs.length / 2 }, (_, index) => ({
      versionId: pairs[2 * index] ?? "",
      publishedAt: Number(pairs[2 * index + 1]),
    }))
    const versions = all
      .slice(0, -keep)
      .filter((_, index) => (all[index + 1]?.publishedAt ?? Number.POSITIVE_INFINITY) < replacedBefore)
    if (versions.length > 0) found.push({ hookId, versions })
  }
  return found
}

/** Takes versions out of Redis. @throws AppError redis_unavailable */
export async function dropVersions(
  { commands, prefix }: QueueConnection,
  { hookId, versionIds }: { hookId: string; versionIds: readonly string[] },
): Promise<void> {
  for (let from = 0; from < versionIds.length; from += VERSIONS_PER_COMMAND) {
    const some = versionIds.slice(from, from + VERSIONS_PER_COMMAND)
    const keys = some.map((id) => snapshotKey(prefix, id))
    await commands.run((client) =>
      execPipeline(
        client
          .pipeline()
          .unlink(...keys)
          .zrem(versionsKey(prefix, hookId), ...some),
      ),
    )
  }
}

/**
 * Versions that workers asked for in vain, each told to one caller once. Who takes them publishes them again.
 * @throws AppError redis_unavailable
 */
export async function takeWantedVersions({ commands, prefix }: QueueConnection): Promise<string[]> {
  return commands.run((client) => client.spop(wantedKey(prefix), WANTED_AT_ONCE))
}

/**
 * The published version, or undefined when there is none, it is past its time, or it does not parse. One that is not
 * there is asked for: a gateway that has it in its database publishes it again within a second or two.
 * @throws AppError redis_unavailable
 */
export async function loadSnapshot(
  { commands, prefix, log }: QueueConnection,
  versionId: string,
): Promise<Snapshot | undefined> {
  const text = await commands.run((client) => client.get(snapshotKey(prefix, versionId)))
  if (text === null) {
    const wanted = wantedKey(prefix)
    // In vain when Redis is full: the next try asks again.
    await commands
      .run((client) => execPipeline(client.pipeline().sadd(wanted, versionId).expire(wanted, WANTED_SECONDS)))
      .catch(() => {})
    return undefined
  }
  return parseText(snapshotSchema, text, { log, complaint: "snapshot does not parse" })
}

function wantedKey(prefix: string): string {
  return `${prefix}:snapshots-wanted`
}

/** Versions of a hook that are published, by the moment at which they were. */
function versionsKey(prefix: string, hookId: string): string {
  return `${prefix}:snapshots-of:${hookId}`
}

/** Hooks of which versions are published. */
function hooksKey(prefix: string): string {
  return `${prefix}:snapshots-hooks`
}

function snapshotKey(prefix: string, versionId: string): string {
  return `${prefix}:snapshot:${versionId}`
}
