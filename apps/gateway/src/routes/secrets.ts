import { type Config, SECRET_MASK } from "@hooklane/core"
import {
  addSecrets,
  getHook,
  listSecretNames,
  putSecrets,
  removeSecrets,
  updateSecrets,
} from "@hooklane/storage"
import { requireScope } from "../auth.ts"
import { secretNamesSchema, secretsSchema } from "../hook-schemas.ts"
import { readBody } from "../read-body.ts"
import { createRouter } from "../router.ts"
import { type HookDeps, hookIdOf } from "./hooks.ts"

export type SecretDeps = Pick<HookDeps, "storage" | "hookSaved"> & {
  config: Pick<Config, "secretsUpsert">
}

const PATH = "/api/v2/hooks/:id/secrets"

/** `/api/v2/hooks/{id}/secrets`, as Auth0's Management API has it: values go in and never come out. */
export function secretRoutes({ config, storage, hookSaved }: SecretDeps) {
  const app = createRouter()

  /** Changes the hook's secrets and makes the change known. */
  async function change(id: string, save: () => Promise<void>): Promise<void> {
    const hook = await getHook(storage, id)
    await save()
    await hookSaved(hook)
  }

  app.get(PATH, requireScope("read:hooks"), async (c) => {
    const names = await listSecretNames(storage, hookIdOf(c))
    return c.json(Object.fromEntries(names.map((name) => [name, SECRET_MASK])))
  })

  app.post(PATH, requireScope("update:hooks"), async (c) => {
    const id = hookIdOf(c)
    const secrets = await readBody(c, secretsSchema)
    await change(id, () => (config.secretsUpsert ? putSecrets : addSecrets)(storage, id, secrets))
    return c.json({}, 201)
  })

  app.patch(PATH, requireScope("update:hooks"), async (c) => {
    const id = hookIdOf(c)
    const secrets = await readBody(c, secretsSchema)
    await change(id, () => updateSecrets(storage, id, secrets))
    return c.json({}, 201)
  })

  app.delete(PATH, requireScope("delete:hooks"), async (c) => {
    const id = hookIdOf(c)
    const names = await readBody(c, secretNamesSchema)
    await change(id, () => removeSecrets(storage, id, names))
    return c.body(null, 204)
  })

  return app
}
