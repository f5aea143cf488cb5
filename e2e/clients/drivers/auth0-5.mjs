// @ts-check
// auth0 5 to 7: generated clients, which page by themselves. 7 also has the client of hooks alone.
import { serve } from "./serve.mjs"

const [packageName = "", options = ""] = process.argv.slice(2)
const { ManagementClient, HooksClient } = await import(packageName)
const settings = JSON.parse(options)
// 5.0 takes this with a call only.
const { maxRetries } = settings
const hooks = HooksClient ? new HooksClient(settings) : new ManagementClient(settings).hooks

serve({
  create: (hook) => hooks.create(hook),
  list: async (query) => {
    const page = await hooks.list(query, { maxRetries })
    return { ...page.response, hooks: page.data }
  },
  listAll: async (query) => Array.fromAsync(await hooks.list(query)),
  get: (id) => hooks.get(id),
  update: (id, changes) => hooks.update(id, changes),
  delete: (id) => hooks.delete(id),
  getSecrets: (id) => hooks.secrets.get(id),
  addSecrets: (id, secrets) => hooks.secrets.create(id, secrets),
  updateSecrets: (id, secrets) => hooks.secrets.update(id, secrets),
  removeSecrets: (id, names) => hooks.secrets.delete(id, names),
})
