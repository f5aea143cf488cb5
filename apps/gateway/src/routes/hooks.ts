import { AppError, type Config, type Hook, type TriggerId } from "@hooklane/core"
import {
  createHook,
  deleteHook,
  getHook,
  type HookPatch,
  listHooks,
  type NewHook,
  type Storage,
  updateHook,
} from "@hooklane/storage"
import type { Context } from "hono"
import type { z } from "zod"
import { callerOf, refuseWithout, requireScope } from "../auth.ts"
import { storedHookName } from "../hook-name.ts"
import {
  createHookSchema,
  hookFieldsSchema,
  hookListSchema,
  hookPathSchema,
  updateHookSchema,
} from "../hook-schemas.ts"
import { viewFields, viewSavedHook } from "../hook-view.ts"
import { readBody } from "../read-body.ts"
import { createRecentCreates } from "../recent-creates.ts"
import { createRouter } from "../router.ts"
import { singleValues, typedText } from "../text-input.ts"
import { parseInput } from "../validation.ts"

export interface HookDeps {
  config: Pick<Config, "preserveNames" | "readOnly" | "chains">
  storage: Storage
  /** Awaited before the answer, so that the next event sees it; waits a while for npm packages to be built. */
  hookSaved: (hook: Pick<Hook, "id" | "triggerId">) => Promise<void>
  /** The same for a hook that was deleted, with what it has stored. */
  hookDeleted: (hook: Pick<Hook, "id" | "triggerId">) => Promise<void>
  /** Epoch milliseconds. */
  now: () => number
}

/** `/api/v2/hooks`, as Auth0's Management API has it. */
export function hookRoutes({ config, storage, hookDeleted, hookSaved, now }: HookDeps) {
  const app = createRouter()
  const recent = createRecentCreates({ storage, now })

  async function createOrRepeat(sent: NewHook, clientId: string): Promise<Hook> {
    try {
      const hook = await createHook(storage, sent, { enabling: enablingOf(config, sent.triggerId) })
      recent.remember(hook, clientId)
      return hook
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === "HookAlreadyExists"
      const repeated = isTaken ? await recent.find(sent, clientId) : undefined
      if (repeated) return repeated
      throw error
    }
  }

  app.get("/api/v2/hooks", requireScope("read:hooks"), async (c) => {
    const { page, per_page: limit, include_totals, enabled, triggerId, ...view } = queryOf(c, hookListSchema)
    const start = page * limit
    const found = await listHooks(storage, { enabled, triggerId, offset: start, limit })
    const hooks = found.hooks.map((hook) => viewFields(hook, view))
    return c.json(include_totals ? { total: found.total, start, limit, hooks } : hooks)
  })

  app.post("/api/v2/hooks", requireScope("create:hooks"), async (c) => {
    const body = await readBody(c, createHookSchema)
    // It takes the trigger over from the hook that is enabled now: that is a change of both.
    if (body.enabled) refuseWithout(callerOf(c), ["update:hooks"])
    if (config.readOnly) throw new AppError("hooks_not_allowed", "This endpoint is disabled for your tenant.")
    const hook = await createOrRepeat(
      { ...body, name: storedHookName(config, body.name) },
      callerOf(c).clientId,
    )
    await hookSaved(hook)
    return c.json(viewSavedHook(hook), 201)
  })

  app.get("/api/v2/hooks/:id", requireScope("read:hooks"), async (c) => {
    const id = hookIdOf(c)
    const view = queryOf(c, hookFieldsSchema)
    return c.json(viewFields(await getHook(storage, id), view))
  })

  app.patch("/api/v2/hooks/:id", requireScope("update:hooks"), async (c) => {
    const id = hookIdOf(c)
    const body = await readBody(c, updateHookSchema)
    const current = await getHook(storage, id)
    if (config.readOnly) refuseNewScript(current, body)
    const name = body.name === undefined ? undefined : storedHookName(config, body.name)
    const enabling = enablingOf(config, current.triggerId)
    const hook = await updateHook(storage, id, { ...body, name }, { enabling })
    await hookSaved(hook)
    return c.json(viewSavedHook(hook))
  })

  app.delete("/api/v2/hooks/:id", requireScope("delete:hooks"), async (c) => {
    const hook = await getHook(storage, hookIdOf(c))
    await deleteHook(storage, hook.id)
    await hookDeleted(hook)
    return c.body(null, 204)
  })

  return app
}

/** Where a trigger has a chain, an enabled hook joins the others. */
function enablingOf({ chains }: HookDeps["config"], triggerId: TriggerId): "switch" | "join" {
  return chains.includes(triggerId) ? "join" : "switch"
}

function queryOf<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  return parseInput("Query", schema, typedText(schema, singleValues(c.req.queries())))
}

/** The hook that the path names. @throws AppError invalid_uri when it cannot be an id */
export function hookIdOf(c: Context): string {
  return parseInput("Path", hookPathSchema, { id: c.req.param("id") }).id
}

/** Clients send the script along with what they change, so only another script is an edit. */
function refuseNewScript(current: Hook, { script }: HookPatch): void {
  if (script !== undefined && script !== current.script)
    throw new AppError("hooks_not_allowed", "Insufficient privileges to use this deprecated feature.")
}
