import { AppError, type Snapshot, type TriggerId } from "@hooklane/core"
import { and, asc, desc, eq, inArray } from "drizzle-orm"
import { type CurrentHook, getCurrentHook, selectCurrentHooks } from "./current-hooks.ts"
import type { Storage } from "./open.ts"

/**
 * What a worker needs of the trigger's enabled hooks: none, one, or those of a chain in the order of their creation.
 * While a hook's npm packages are being built, its last version that can run goes on serving.
 */
export async function findEnabledSnapshots(storage: Storage, triggerId: TriggerId): Promise<Snapshot[]> {
  const { hooks } = storage.tables
  const enabled = await selectCurrentHooks(storage)
    .where(and(eq(hooks.triggerId, triggerId), eq(hooks.enabled, true)))
    .orderBy(asc(hooks.id))
  const serving = await Promise.all(enabled.map((current) => servingVersion(storage, current)))
  return serving.map(toSnapshot)
}

/**
 * The current version of a hook, enabled or not.
 * @throws AppError HookDoesNotExist
 */
export async function getCurrentSnapshot(storage: Storage, hookId: string): Promise<Snapshot> {
  return toSnapshot(await getCurrentHook(storage, hookId))
}

/** @throws AppError version_not_found, also when its hook was deleted */
export async function getSnapshot({ db, tables }: Storage, versionId: string): Promise<Snapshot> {
  const { hooks, hookVersions } = tables
  const [found] = await db
    .select({ hook: hooks, version: hookVersions })
    .from(hookVersions)
    .innerJoin(hooks, eq(hooks.id, hookVersions.hookId))
    .where(eq(hookVersions.id, versionId))
  if (!found) throw new AppError("version_not_found", `Version ${versionId} does not exist`)
  return toSnapshot(found)
}

async function servingVersion({ db, tables }: Storage, current: CurrentHook): Promise<CurrentHook> {
  const { hook, version } = current
  if (version.buildStatus !== "pending") return current
  const { hookVersions } = tables
  const [runnable] = await db
    .select()
    .from(hookVersions)
    .where(and(eq(hookVersions.hookId, hook.id), inArray(hookVersions.buildStatus, ["none", "built"])))
    .orderBy(desc(hookVersions.number))
    .limit(1)
  return { hook, version: runnable ?? version }
}

function toSnapshot({ hook, version }: CurrentHook): Snapshot {
  const { buildStatus, bundleId } = version
  return {
    versionId: version.id,
    hookId: hook.id,
    hookName: version.name,
    number: version.number,
    triggerId: hook.triggerId,
    script: version.script,
    dependencies: version.dependencies,
    sealedSecrets: Object.fromEntries(version.sealedSecrets),
    ...(bundleId !== null && { bundleId }),
    ...((buildStatus === "pending" || buildStatus === "failed") && { unbuilt: buildStatus }),
  }
}
