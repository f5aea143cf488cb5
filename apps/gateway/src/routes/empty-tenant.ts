import type { Context } from "hono"
import { requireScope } from "../auth.ts"
import { createRouter } from "../router.ts"

/** Auth0's paged lists by path, with the key that holds the items. */
const LISTS = {
  rules: "rules",
  connections: "connections",
  "resource-servers": "resource_servers",
  "client-grants": "client_grants",
  clients: "clients",
} as const

const EVERYTHING_ELSE = {
  "rules-configs": [],
  "guardian/factors": [],
  "guardian/policies": [],
  "guardian/factors/sms/templates": {},
  "guardian/factors/sms/providers/twilio": {},
  "guardian/factors/push-notification/providers/sns": {},
  "tenants/settings": {},
} as const

/** Every tenant has it, and the login page is a part of it. */
const GLOBAL_CLIENT = { client_id: "global", name: "All Applications", global: true }

/**
 * What auth0-deploy-cli 5 reads of a tenant before it exports the hooks, as of an empty one; what is absent here
 * it can do without. Mounted only on request: whoever imports such an export elsewhere, deletions allowed, would
 * delete all that it says is not there.
 */
export function emptyTenantRoutes() {
  const app = createRouter()

  for (const [path, key] of Object.entries(LISTS)) {
    app.get(`/api/v2/${path}`, requireScope("read:hooks"), (c) => {
      const isGlobal = key === "clients" && c.req.query("is_global") === "true"
      return c.json(listOf(c, key, isGlobal ? [GLOBAL_CLIENT] : []))
    })
  }

  for (const [path, value] of Object.entries(EVERYTHING_ELSE)) {
    app.get(`/api/v2/${path}`, requireScope("read:hooks"), (c) => c.json(value))
  }

  return app
}

/** Also what a dry run of auth0-deploy-cli 8 is told of the clients. */
export function listOf(c: Context, key: string, items: object[]): object {
  const { include_totals, per_page } = c.req.query()
  if (include_totals !== "true") return items
  return { total: items.length, start: 0, limit: Number(per_page ?? 50), [key]: items }
}
