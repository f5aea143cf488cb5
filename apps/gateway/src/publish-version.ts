import type { Config, Snapshot } from "@hooklane/core"
import { publishBundle, publishSnapshot, type QueueConnection, restoreDocument } from "@hooklane/queue"
import { findHookDocument, getBundle, type Storage } from "@hooklane/storage"

export interface PublishDeps {
  storage: Storage
  connection: QueueConnection
  config: Pick<Config, "retentionDays" | "maxDelayDays">
}

/**
 * Gives a version to the workers; its bundle of npm packages, and what its hook has stored, are there before the
 * snapshot that names them.
 */
export async function publishVersion(
  { storage, connection, config }: PublishDeps,
  snapshot: Snapshot,
): Promise<void> {
  const { bundleId, hookId } = snapshot
  await restoreDocument(connection, hookId, () => findHookDocument(storage, hookId))
  // A job that is put off to the last day, and dies then, can still be tried with the version it was made for.
  const retentionDays = config.retentionDays + config.maxDelayDays
  if (bundleId !== undefined) {
    await publishBundle(connection, { bundleId, retentionDays, load: () => getBundle(storage, bundleId) })
  }
  await publishSnapshot(connection, { snapshot, retentionDays })
}
