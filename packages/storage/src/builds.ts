import { AppError, type PackageLock } from "@hooklane/core"
import { and, asc, eq, isNotNull, notExists, type SQLWrapper } from "drizzle-orm"
import { atomically } from "./atomic.ts"
import { getCurrentHook } from "./current-hooks.ts"
import type { Storage } from "./open.ts"
import { getVersion } from "./versions.ts"

/** A version whose npm packages are to be built, with all that this takes. */
export interface PendingBuild {
  versionId: string
  hookId: string
  number: number
  script: string
  dependencies: Record<string, string>
}

/** What became of a build; `code` is absent when the bundle is stored already. */
export type FinishedBuild = { log: string } & (SuccessfulBuild | { status: "none" | "failed" })

interface SuccessfulBuild {
  status: "built"
  lock: PackageLock
  lockHash: string
  /** What the script may require. */
  specifiers: string[]
  bundleId: string
  code?: string
}

/** The versions that wait for their build, the oldest first. */
export async function listPendingBuilds(storage: Storage): Promise<PendingBuild[]> {
  const { hookVersions } = storage.tables
  return selectBuilds(storage).where(eq(hookVersions.buildStatus, "pending")).orderBy(asc(hookVersions.id))
}

/**
 * The current version of a hook, when it waits for its build.
 * @throws AppError HookDoesNotExist
 */
export async function findPendingBuild(storage: Storage, hookId: string): Promise<PendingBuild | undefined> {
  const { version } = await getCurrentHook(storage, hookId)
  const { id: versionId, number, script, dependencies, buildStatus } = version
  return buildStatus === "pending" ? { versionId, hookId, number, script, dependencies } : undefined
}

/** Whether a version still waits for its build, and whether it is what its hook may run. */
export interface BuildNeed {
  isCurrent: boolean
  isEnabled: boolean
}

/** What speaks for building a version now; undefined when it is gone, or was built meanwhile. */
export async function findBuildNeed(
  { db, tables: { hooks, hookVersions } }: Storage,
  versionId: string,
): Promise<BuildNeed | undefined> {
  const [found] = await db
    .select({ number: hookVersions.number, current: hooks.versionNumber, isEnabled: hooks.enabled })
    .from(hookVersions)
    .innerJoin(hooks, eq(hooks.id, hookVersions.hookId))
    .where(and(eq(hookVersions.id, versionId), eq(hookVersions.buildStatus, "pending")))
  return found && { isCurrent: found.number === found.current, isEnabled: found.isEnabled }
}

/** The versions of a hook that wait for their build, the oldest first. */
export async function listPendingBuildsOf(storage: Storage, hookId: string): Promise<PendingBuild[]> {
  const { hookVersions } = storage.tables
  return selectBuilds(storage)
    .where(and(eq(hookVersions.hookId, hookId), eq(hookVersions.buildStatus, "pending")))
    .orderBy(asc(hookVersions.number))
}

/** The bundle that was made of the same lock, if a version still uses it. */
export async function findBundleOf({ db, tables }: Storage, lockHash: string): Promise<string | undefined> {
  const { hookVersions } = tables
  const [found] = await db
    .select({ bundleId: hookVersions.bundleId })
    .from(hookVersions)
    .where(and(eq(hookVersions.lockHash, lockHash), isNotNull(hookVersions.bundleId)))
    .limit(1)
  return found?.bundleId ?? undefined
}

/** @throws AppError internal_error when no version uses it any more */
export async function getBundle({ db, tables: { bundles } }: Storage, bundleId: string): Promise<string> {
  const [bundle] = await db.select({ code: bundles.code }).from(bundles).where(eq(bundles.id, bundleId))
  if (!bundle) throw new AppError("internal_error", `Bundle ${bundleId} does not exist`)
  return bundle.code
}

/** Stores what became of a build. A version that is gone, or was built by another gateway meanwhile, stays as it is. */
export async function finishBuild(storage: Storage, versionId: string, build: FinishedBuild): Promise<void> {
  const { db, tables } = storage
  const { hookVersions } = tables
  const changes = {
    buildStatus: build.status,
    buildLog: build.log,
    ...(build.status === "built" && madeOf(build)),
  }
  const writes = [
    ...bundleWrite(storage, build),
    db
      .update(hookVersions)
      .set(changes)
      .where(and(eq(hookVersions.id, versionId), eq(hookVersions.buildStatus, "pending"))),
  ]
  await atomically(storage, writes, { turn: "hooks" })
}

/**
 * Puts a version whose build failed back among those that wait for one.
 * @throws AppError HookDoesNotExist, version_not_found; conflict when its build did not fail
 */
export async function restartBuild(storage: Storage, hookId: string, number: number): Promise<PendingBuild> {
  const { db, tables } = storage
  const { hookVersions } = tables
  const version = await getVersion(storage, hookId, number)
  const [restarted] = await db
    .update(hookVersions)
    .set({ buildStatus: "pending", buildLog: "" })
    .where(and(eq(hookVersions.id, version.id), eq(hookVersions.buildStatus, "failed")))
    .returning({ id: hookVersions.id })
  if (!restarted) {
    const message = `Only a failed build can be tried again; that of version ${number} is ${version.buildStatus}`
    throw new AppError("conflict", message)
  }
  const { script, dependencies } = version
  return { versionId: version.id, hookId, number, script, dependencies }
}

/**
 * Removes the bundles that no version uses, in turn with those who may begin to use one. Jobs under way do not need
 * them: Redis has what they run.
 */
export async function pruneBundles(storage: Storage): Promise<void> {
  const { db, tables } = storage
  const { bundles, hookVersions } = tables
  const uses = db.select().from(hookVersions).where(eq(hookVersions.bundleId, bundles.id))
  await atomically(storage, [db.delete(bundles).where(notExists(uses))], { turn: "hooks" })
}

function bundleWrite(storage: Storage, build: FinishedBuild): SQLWrapper[] {
  if (build.status !== "built" || build.code === undefined) return []
  const { bundles } = storage.tables
  const { bundleId: id, code } = build
  // Two builds may end with the same bundle.
  return [storage.db.insert(bundles).values({ id, code, createdAt: new Date() }).onConflictDoNothing()]
}

function madeOf({ lock, lockHash, specifiers, bundleId }: SuccessfulBuild) {
  return { lock, lockHash, specifiers, bundleId }
}

function selectBuilds({ db, tables: { hookVersions } }: Storage) {
  const { id, hookId, number, script, dependencies } = hookVersions
  return db.select({ versionId: id, hookId, number, script, dependencies }).from(hookVersions)
}
