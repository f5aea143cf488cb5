// @ts-check
// auth0 2 and 3: managers with positional arguments.
import { createRequire } from "node:module"
import { listAll } from "./list-all.mjs"
import { serve } from "./serve.mjs"

const [packageName = "", options = ""] = process.argv.slice(2)
const { ManagementClient } = createRequire(import.meta.url)(packageName)
const { hooks } = new ManagementClient(JSON.parse(options))
const list = (/** @type {object} */ query) => hooks.getAll({ ...query, include_totals: true })

serve({
  create: (hook) => hooks.create(hook),
  list,
  listAll: (query) => listAll(list, query),
  get: (id) => hooks.get({ id }),
  update: (id, changes) => hooks.update({ id }, changes),
  delete: (id) => hooks.delete({ id }),
  getSecrets: (id) => hooks.getSecrets({ id }),
  addSecrets: (id, secrets) => hooks.addSecrets({ id }, secrets),
  updateSecrets: (id, secrets) => hooks.updateSecrets({ id }, secrets),
  removeSecrets: (id, names) => hooks.removeSecrets({ id }, names),
})
