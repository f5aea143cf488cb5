import { type Config, type Snapshot, TRIGGERS } from "@hooklane/core"
import { publishBundle, publishSnapshot, type QueueConnection, restoreDocument } from "@hooklane/queue"
import { findHookDocument, getBundle, type Storage } from "@hooklane/storage"

export interface PublishDeps {
  storage: Storage
  connection: QueueConnection
  config: Pick<Config, "retentionDays" | "maxDelayDays">
}

/** No synchronous job lives for an hour, and while a version is enabled it is published again every minute. */
const SYNC_DAYS = 1 / 24

/**
 * Gives a version to the workers; its bundle of npm packages, and what its hook has stored, are there before the
 * snapshot that names them. It is kept for as long as a job may need it: one that is put off to the last day, and dies
 * then, can still be tried with the version it was made for.
 */
export async function publishVersion(
  { storage, connection, config }: PublishDeps,
  snapshot: Snapshot,
): Promise<void> {
  const { bundleId, hookId, triggerId } = snapshot
  await restoreDocument(connection, hookId, () => findHookDocument(storage, hookId))
  const retentionDays =
    TRIGGERS[triggerId].mode === "sync" ? SYNC_DAYS : config.retentionDays + config.maxDelayDays
  if (bundleId !== undefined) {
    await publishBundle(connection, { bundleId, retentionDays, load: () => getBundle(storage, bundleId) })
  }
  await publishSnapshot(connection, { snapshot, retentionDays })
}
