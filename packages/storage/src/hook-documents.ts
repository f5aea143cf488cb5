import { eq, lt, sql } from "drizzle-orm"
import type { Storage } from "./open.ts"
import { isForeignKeyViolation } from "./violations.ts"

/** What a hook keeps between its runs. */
export interface HookDocument {
  /** 0 when it never wrote. */
  version: number
  /** Absent when there is nothing, or it was removed. */
  sealed?: string
}

/** The newest state that was saved. */
export async function findHookDocument({ db, tables }: Storage, hookId: string): Promise<HookDocument> {
  const { hookDocuments } = tables
  const [saved] = await db.select().from(hookDocuments).where(eq(hookDocuments.hookId, hookId))
  if (!saved) return { version: 0 }
  return { version: saved.version, ...(saved.sealed !== null && { sealed: saved.sealed }) }
}

/** Saves a state, unless a newer one is saved already. `hook_missing`: the hook was deleted, nothing was saved. */
export async function saveHookDocument(
  { db, tables: { hookDocuments } }: Storage,
  hookId: string,
  { version, sealed }: HookDocument,
): Promise<"saved" | "hook_missing"> {
  const state = { version, sealed: sealed ?? null }
  try {
    await db
      .insert(hookDocuments)
      .values({ hookId, ...state })
      .onConflictDoUpdate({
        target: hookDocuments.hookId,
        set: state,
        setWhere: lt(hookDocuments.version, sql`excluded.version`),
      })
    return "saved"
  } catch (error) {
    if (isForeignKeyViolation(error)) return "hook_missing"
    throw error
  }
}
