import { AppError, type Hook } from "@hooklane/core"
import { and, eq } from "drizzle-orm"
import type { Storage } from "./open.ts"
import type { hooks, hookVersions } from "./schema.sqlite.ts"

/** A hook with the version that is its content now. */
export interface CurrentHook {
  hook: typeof hooks.$inferSelect
  version: typeof hookVersions.$inferSelect
}

export function selectCurrentHooks({ db, tables: { hooks, hookVersions } }: Storage) {
  return db
    .select({ hook: hooks, version: hookVersions })
    .from(hooks)
    .innerJoin(
      hookVersions,
      and(eq(hookVersions.hookId, hooks.id), eq(hookVersions.number, hooks.versionNumber)),
    )
}

/** @throws AppError HookDoesNotExist, with the contract's message */
export async function getCurrentHook(storage: Storage, id: string): Promise<CurrentHook> {
  const [current] = await selectCurrentHooks(storage).where(eq(storage.tables.hooks.id, id))
  if (!current) throw new AppError("HookDoesNotExist", "Error: Hook does not exist")
  return current
}

export function toHook({ hook, version }: CurrentHook): Hook {
  const { id, name, triggerId, enabled } = hook
  return { id, name, script: version.script, dependencies: version.dependencies, triggerId, enabled }
}
