import { AppError } from "@hooklane/core"
import { and, desc, eq, getTableColumns } from "drizzle-orm"
import { getCurrentHook } from "./current-hooks.ts"
import type { Storage } from "./open.ts"
import type { hookVersions } from "./schema.sqlite.ts"

type VersionRow = typeof hookVersions.$inferSelect

/** What a list leaves out: it can be long. */
type Details = Pick<VersionRow, "script" | "buildLog" | "lock" | "specifiers">

/** A version as it may be shown: secrets by name only. */
export type HookVersion = Omit<VersionRow, "sealedSecrets"> & { secretNames: string[] }
export type VersionSummary = Omit<HookVersion, keyof Details>

/**
 * The versions of a hook that are kept, the newest first.
 * @throws AppError HookDoesNotExist
 */
export async function listVersions(
  storage: Storage,
  hookId: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ versions: VersionSummary[]; total: number }> {
  await getCurrentHook(storage, hookId)
  const { hookVersions } = storage.tables
  const {
    script: _,
    buildLog: _log,
    lock: _lock,
    specifiers: _names,
    ...columns
  } = getTableColumns(hookVersions)
  const ofHook = eq(hookVersions.hookId, hookId)
  const total = await storage.db.$count(hookVersions, ofHook)
  const rows = await storage.db
    .select(columns)
    .from(hookVersions)
    .where(ofHook)
    .orderBy(desc(hookVersions.number))
    .limit(limit)
    .offset(offset)
  return { versions: rows.map(hideSecrets), total }
}

/** @throws AppError HookDoesNotExist, version_not_found */
export async function getVersion(storage: Storage, hookId: string, number: number): Promise<HookVersion> {
  await getCurrentHook(storage, hookId)
  const { hookVersions } = storage.tables
  const [row] = await storage.db
    .select()
    .from(hookVersions)
    .where(and(eq(hookVersions.hookId, hookId), eq(hookVersions.number, number)))
  if (!row) throw new AppError("version_not_found", `Hook ${hookId} has no version ${number}`)
  return hideSecrets(row)
}

function hideSecrets<Row extends Pick<VersionRow, "sealedSecrets">>({ sealedSecrets, ...shown }: Row) {
  return { ...shown, secretNames: sealedSecrets.map(([name]) => name) }
}
