// @ts-check
// auth0 4: the managers of before, with answers of `{ data, status }`.
import { listAll } from "./list-all.mjs"
import { serve } from "./serve.mjs"

const [packageName = "", options = ""] = process.argv.slice(2)
const { ManagementClient } = await import(packageName)
const { hooks } = new ManagementClient(JSON.parse(options))

/** @param {Promise<{ data: any }>} answer */
const dataOf = async (answer) => (await answer).data
const list = (/** @type {object} */ query) => dataOf(hooks.getAll({ ...query, include_totals: true }))

serve({
  create: (hook) => dataOf(hooks.create(hook)),
  list,
  listAll: (query) => listAll(list, query),
  get: (id) => dataOf(hooks.get({ id })),
  update: (id, changes) => dataOf(hooks.update({ id }, changes)),
  delete: (id) => dataOf(hooks.delete({ id })),
  getSecrets: (id) => dataOf(hooks.getSecrets({ id })),
  addSecrets: (id, secrets) => dataOf(hooks.addSecrets({ id }, secrets)),
  updateSecrets: (id, secrets) => dataOf(hooks.updateSecrets({ id }, secrets)),
  removeSecrets: (id, names) => dataOf(hooks.deleteSecrets({ id }, names)),
})
