import { AppError, type Hook, type TriggerId } from "@hooklane/core"
import { and, asc, eq, type SQLWrapper, sql } from "drizzle-orm"
import { atomically } from "./atomic.ts"
import { getCurrentHook, selectCurrentHooks, toHook } from "./current-hooks.ts"
import type { Storage } from "./open.ts"
import { insertVersion, saveVersion } from "./save-version.ts"
import { firstBuild } from "./version-build.ts"
import { isUniqueViolation } from "./violations.ts"

export type NewHook = Pick<Hook, "name" | "script" | "triggerId"> &
  Partial<Pick<Hook, "dependencies" | "enabled">>

export type HookPatch = Partial<Pick<Hook, "name" | "script" | "dependencies" | "enabled">>

/** Whether an enabled hook takes the place of the trigger's others or joins them in a chain. */
export interface Enabling {
  enabling?: "switch" | "join"
}

export interface HookFilter {
  triggerId?: TriggerId | undefined
  enabled?: boolean | undefined
  offset: number
  limit: number
}

/**
 * Makes a hook with its first version; an enabled one takes the place of the trigger's enabled hook, or joins it.
 * @throws AppError HookAlreadyExists when another hook has the name
 */
export async function createHook(
  storage: Storage,
  hook: NewHook,
  { enabling = "switch" }: Enabling = {},
): Promise<Hook> {
  const { name, script, triggerId, dependencies = {}, enabled = false } = hook
  const { db, tables, nextId } = storage
  const id = nextId()
  const content = { name, script, dependencies, sealedSecrets: [] }
  const writes = [
    db.insert(tables.hooks).values({ id, name, triggerId, enabled: false, versionNumber: 1 }),
    insertVersion(storage, { ...content, ...firstBuild(content), hookId: id, number: 1 }),
    ...(enabled ? [enable(storage, id, enabling)] : []),
  ]
  await refusingTakenNames("Hook with the same name already exists.", () =>
    atomically(storage, writes, { turn: "hooks" }),
  )
  return getHook(storage, id)
}

/** @throws AppError HookDoesNotExist */
export async function getHook(storage: Storage, id: string): Promise<Hook> {
  return toHook(await getCurrentHook(storage, id))
}

/** The hook, unless it does not exist. */
export async function findHook(storage: Storage, id: string): Promise<Hook | undefined> {
  return getHook(storage, id).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "HookDoesNotExist") return undefined
    throw error
  })
}

/**
 * Replaces the given properties. New content makes the next version; enabling, disabling and content that is
 * the same make none. Enabling disables the trigger's other hooks in the same statement, unless it joins them.
 * @throws AppError HookDoesNotExist, HookAlreadyExists when another hook has the name
 */
export async function updateHook(
  storage: Storage,
  id: string,
  patch: HookPatch,
  { enabling = "switch" }: Enabling = {},
): Promise<Hook> {
  await refusingTakenNames("A hook with the same name already exists.", () =>
    saveVersion(storage, id, {
      change: (content) => ({
        name: patch.name ?? content.name,
        script: patch.script ?? content.script,
        dependencies: patch.dependencies ?? content.dependencies,
        sealedSecrets: content.sealedSecrets,
      }),
      alongside: switchOf(storage, id, { enabled: patch.enabled, enabling }),
    }),
  )
  return getHook(storage, id)
}

/**
 * Deletes the hook with all its versions and the secrets sealed in them. Executions under way go on: a worker
 * runs the snapshot that Redis holds for the job. The history stays, it carries the hook's name.
 * @throws AppError HookDoesNotExist
 */
export async function deleteHook({ db, tables: { hooks } }: Storage, id: string): Promise<void> {
  const deleted = await db.delete(hooks).where(eq(hooks.id, id)).returning({ id: hooks.id })
  if (deleted.length === 0) throw new AppError("HookDoesNotExist", "Error: Hook does not exist")
}

/** Hooks in the order of their creation, and how many there are on all pages. */
export async function listHooks(
  storage: Storage,
  { triggerId, enabled, offset, limit }: HookFilter,
): Promise<{ hooks: Hook[]; total: number }> {
  const { hooks } = storage.tables
  const matches = and(
    triggerId === undefined ? undefined : eq(hooks.triggerId, triggerId),
    enabled === undefined ? undefined : eq(hooks.enabled, enabled),
  )
  const total = await storage.db.$count(hooks, matches)
  const page = await selectCurrentHooks(storage)
    .where(matches)
    .orderBy(asc(hooks.id))
    .limit(limit)
    .offset(offset)
  return { hooks: page.map(toHook), total }
}

/** How many there are, enabled or not. */
export async function countHooks({ db, tables: { hooks } }: Storage): Promise<number> {
  return db.$count(hooks)
}

function switchOf(
  storage: Storage,
  id: string,
  { enabled, enabling }: { enabled: boolean | undefined; enabling: "switch" | "join" },
): SQLWrapper[] {
  if (enabled === undefined) return []
  return [enabled ? enable(storage, id, enabling) : setEnabled(storage, id, false)]
}

function enable(storage: Storage, id: string, enabling: "switch" | "join"): SQLWrapper {
  return enabling === "join" ? setEnabled(storage, id, true) : enableOnly(storage, id)
}

function setEnabled({ db, tables: { hooks } }: Storage, id: string, enabled: boolean): SQLWrapper {
  return db.update(hooks).set({ enabled }).where(eq(hooks.id, id))
}

/**
 * Enables one hook and disables the trigger's others in one statement. Its turn comes when every switch before it
 * has been written, so it disables also a hook that was made meanwhile. The trigger is asked of the row itself: when
 * the hook is gone, nothing changes.
 */
function enableOnly({ db, tables: { hooks } }: Storage, id: string): SQLWrapper {
  const triggerOfHook = db.select({ triggerId: hooks.triggerId }).from(hooks).where(eq(hooks.id, id))
  return db
    .update(hooks)
    .set({ enabled: sql`${hooks.id} = ${id}` })
    .where(eq(hooks.triggerId, triggerOfHook))
}

async function refusingTakenNames(message: string, save: () => Promise<void>): Promise<void> {
  try {
    await save()
  } catch (cause) {
    if (isUniqueViolation(cause, "hooks.name")) throw new AppError("HookAlreadyExists", message, { cause })
    throw cause
  }
}
