import { type Snapshot, snapshotSchema } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"
import { parseText } from "./parse-text.ts"

/**
 * Makes a version available to workers for `retentionDays` from now; publishing it again begins anew.
 * @throws AppError redis_unavailable
 */
export async function publishSnapshot(
  { commands, prefix }: QueueConnection,
  { snapshot, retentionDays }: { snapshot: Snapshot; retentionDays: number },
): Promise<void> {
  const key = snapshotKey(prefix, snapshot.versionId)
  await commands.run((client) => client.set(key, JSON.stringify(snapshot), "EX", retentionDays * 86_400))
}

/**
 * The published version, or undefined when there is none, it is past its time, or it does not parse.
 * @throws AppError redis_unavailable
 */
export async function loadSnapshot(
  { commands, prefix, log }: QueueConnection,
  versionId: string,
): Promise<Snapshot | undefined> {
  const text = await commands.run((client) => client.get(snapshotKey(prefix, versionId)))
  if (text === null) return undefined
  return parseText(snapshotSchema, text, { log, complaint: "snapshot does not parse" })
}

function snapshotKey(prefix: string, versionId: string): string {
  return `${prefix}:snapshot:${versionId}`
}
