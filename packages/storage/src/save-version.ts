import { isDeepStrictEqual } from "node:util"
import { AppError } from "@hooklane/core"
import { and, eq, lte, type SQLWrapper } from "drizzle-orm"
import { atomically } from "./atomic.ts"
import { getCurrentHook } from "./current-hooks.ts"
import type { Storage } from "./open.ts"
import type { hookVersions } from "./schema.sqlite.ts"
import { nextBuild, type VersionBuild } from "./version-build.ts"
import { isForeignKeyViolation, isUniqueViolation } from "./violations.ts"

/** What a version is made of; a change to any of it is a new version. */
export type VersionContent = Pick<
  typeof hookVersions.$inferSelect,
  "name" | "script" | "dependencies" | "sealedSecrets"
>

/** Versions kept per hook; older ones are dropped. A job under way does not need its row: see `deleteHook`. */
export const MAX_VERSIONS_PER_HOOK = 100

/** Of n saves of one hook at the same moment, the last one needs n tries. */
const MAX_TRIES = 20

/**
 * Saves what `change` makes of the hook's content as its next version, together with the `alongside` writes.
 * Content that is the same makes no version. Saves of one hook at the same time all happen, one after the
 * other: the one that finds its number taken reads again and calls `change` again.
 * @throws AppError HookDoesNotExist; conflict when the hook is being saved faster than this can follow
 */
export async function saveVersion(
  storage: Storage,
  hookId: string,
  save: { change: (content: VersionContent) => VersionContent; alongside?: readonly SQLWrapper[] },
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { version } = await getCurrentHook(storage, hookId)
    const content = contentOf(version)
    const changed = save.change(content)
    const next = isDeepStrictEqual(changed, content) ? [] : nextVersion(storage, version, changed)
    try {
      return await atomically(storage, [...next, ...(save.alongside ?? [])], { turn: "hooks" })
    } catch (error) {
      // The number was taken, or the hook was deleted, since it was read.
      if (!isUniqueViolation(error, "hook_versions.number") && !isForeignKeyViolation(error)) throw error
    }
  }
  throw new AppError("conflict", "The hook is being changed by others; try again")
}

/** The insert of a hook's version; its unique number is what makes concurrent saves follow each other. */
export function insertVersion(
  { db, tables: { hookVersions }, nextId }: Storage,
  version: VersionContent & VersionBuild & { hookId: string; number: number },
): SQLWrapper {
  return db.insert(hookVersions).values({ ...version, id: nextId(), createdAt: new Date() })
}

function nextVersion(
  storage: Storage,
  previous: typeof hookVersions.$inferSelect,
  content: VersionContent,
): SQLWrapper[] {
  const { hookId, number } = previous
  const { db, tables } = storage
  const { hooks, hookVersions } = tables
  const versionNumber = number + 1
  return [
    insertVersion(storage, { ...content, ...nextBuild(previous, content), hookId, number: versionNumber }),
    db.update(hooks).set({ name: content.name, versionNumber }).where(eq(hooks.id, hookId)),
    db
      .delete(hookVersions)
      .where(
        and(eq(hookVersions.hookId, hookId), lte(hookVersions.number, versionNumber - MAX_VERSIONS_PER_HOOK)),
      ),
  ]
}

function contentOf({ name, script, dependencies, sealedSecrets }: VersionContent): VersionContent {
  return { name, script, dependencies, sealedSecrets }
}
