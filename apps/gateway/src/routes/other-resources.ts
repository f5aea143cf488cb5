import { AppError } from "@hooklane/core"
import { requireScope } from "../auth.ts"
import { createRouter } from "../router.ts"
import { listOf } from "./empty-tenant.ts"

/** What Auth0's Management API serves besides hooks, by the first part of the path. */
const RESOURCES = [
  "actions",
  "anomaly",
  "attack-protection",
  "branding",
  "client-grants",
  "clients",
  "connection-profiles",
  "connections",
  "custom-domains",
  "device-credentials",
  "email-templates",
  "emails",
  "event-streams",
  "flows",
  "forms",
  "grants",
  "groups",
  "guardian",
  "keys",
  "log-streams",
  "logs",
  "network-acls",
  "organizations",
  "prompts",
  "rate-limit-policies",
  "resource-servers",
  "risk-assessments",
  "roles",
  "rules",
  "rules-configs",
  "self-service-profiles",
  "stats",
  "supplemental-signals",
  "tenants",
  "token-exchange-profiles",
  "user-attribute-profiles",
  "user-blocks",
  "users",
  "verifiable-credentials",
] as const

/** Auth0's scopes that are not named like the path. */
const SCOPES: Record<string, string> = {
  anomaly: "read:anomaly_blocks",
  emails: "read:email_provider",
  guardian: "read:guardian_factors",
  keys: "read:signing_keys",
  "risk-assessments": "read:attack_protection",
  "supplemental-signals": "read:attack_protection",
  tenants: "read:tenant_settings",
  "user-blocks": "read:users",
  "verifiable-credentials": "read:vdcs_templates",
}

/**
 * Answers for the rest of a tenant as Auth0 answers a token that may read hooks alone. The export of auth0-deploy-cli 7
 * and 8 then warns and leaves it out. As an empty list it would be part of the export, and an import elsewhere, deletions
 * allowed, would delete all that is there.
 */
export function otherResourceRoutes() {
  const app = createRouter()

  app.get("/api/v2/clients", requireScope("read:hooks"), async (c, next) => {
    // A dry run asks for the clients, also for hooks alone, to put ids for their names. An export adds `is_global`.
    if (c.req.query("is_global") !== undefined) return next()
    return c.json(listOf(c, "clients", []))
  })

  for (const resource of RESOURCES) {
    const scope = SCOPES[resource] ?? `read:${resource.replaceAll("-", "_")}`
    app.get(`/api/v2/${resource}/*`, () => {
      throw new AppError(
        "insufficient_scope",
        `Insufficient scope, expected any of: ${scope} (nobody has it here: Hooklane is no whole tenant, it has hooks alone)`,
      )
    })
  }

  return app
}
