import { expect, test } from "vitest"
import { openApp } from "./open-app.ts"

/** With what the Deploy CLI 8.44 asks in an export, and the scope that Auth0 would ask for. */
const ASKED_BY_AN_EXPORT = {
  "/api/v2/clients?page=0&per_page=100&include_totals=true&is_global=false": "read:clients",
  "/api/v2/clients?page=0&per_page=100&include_totals=true&is_global=true": "read:clients",
  "/api/v2/rules?page=0&per_page=100": "read:rules",
  "/api/v2/rules-configs": "read:rules_configs",
  "/api/v2/connections?take=50": "read:connections",
  "/api/v2/tenants/settings": "read:tenant_settings",
  "/api/v2/emails/provider": "read:email_provider",
  "/api/v2/guardian/factors/sms/templates": "read:guardian_factors",
  "/api/v2/attack-protection/breached-password-detection": "read:attack_protection",
}

test("what an export asks is refused as Auth0 refuses it, and is never an empty list", async () => {
  const { call } = await openApp()
  for (const [path, scope] of Object.entries(ASKED_BY_AN_EXPORT)) {
    const { status, json } = await call("GET", path)
    expect({ path, status, body: json() }).toEqual({
      path,
      status: 403,
      body: {
        statusCode: 403,
        error: "Forbidden",
        message: `Insufficient scope, expected any of: ${scope} (nobody has it here: Hooklane is no whole tenant, it has hooks alone)`,
        errorCode: "insufficient_scope",
      },
    })
  }
})

test("a dry run finds no clients, if it may read hooks", async () => {
  const { call, tokenWith } = await openApp()
  const asked = "/api/v2/clients?page=0&per_page=100&include_totals=true"
  expect((await call("GET", asked)).json()).toEqual({ total: 0, start: 0, limit: 100, clients: [] })
  expect((await call("GET", asked, { token: await tokenWith(["create:events"]) })).status).toBe(403)
})

test("other resources ask for a token first, take nothing in, and are not those of hooks", async () => {
  const { call } = await openApp()
  expect((await call("GET", "/api/v2/rules", { token: "not.a.token" })).status).toBe(401)
  expect((await call("POST", "/api/v2/rules", { body: { name: "rule" } })).status).toBe(404)
  expect((await call("GET", "/api/v2/unheard-of")).status).toBe(404)
  expect((await call("GET", "/api/v2/hooks")).status).toBe(200)
})
