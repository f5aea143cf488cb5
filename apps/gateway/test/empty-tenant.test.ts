import { expect, test } from "vitest"
import { openApp } from "./open-app.ts"

/** Every resource that auth0-deploy-cli 5.6 reads when it exports and that it cannot do without. */
const READ_BY_DEPLOY_CLI_5 = {
  "/api/v2/rules?include_totals=true&page=0&per_page=100": { total: 0, start: 0, limit: 100, rules: [] },
  "/api/v2/connections?include_totals=true&page=0&per_page=100&strategy=auth0": {
    total: 0,
    start: 0,
    limit: 100,
    connections: [],
  },
  "/api/v2/rules": [],
  "/api/v2/rules-configs": [],
  "/api/v2/guardian/factors": [],
  "/api/v2/guardian/factors/sms/providers/twilio": {},
  "/api/v2/tenants/settings": {},
}

test("Auth0's other resources read as those of an empty tenant", async () => {
  const { call } = await openApp({ settings: { emptyTenant: true } })
  for (const [path, body] of Object.entries(READ_BY_DEPLOY_CLI_5)) {
    const answer = await call("GET", path)
    expect({ path, status: answer.status, body: answer.json() }).toEqual({ path, status: 200, body })
  }
})

test("an empty tenant has its global client, which holds the login page", async () => {
  const { call } = await openApp({ settings: { emptyTenant: true } })
  const clients = async (query: string) => (await call("GET", `/api/v2/clients?${query}`)).json()
  expect(await clients("is_global=true&include_totals=true")).toMatchObject({
    total: 1,
    clients: [{ client_id: "global", global: true }],
  })
  expect(await clients("is_global=false&include_totals=true")).toMatchObject({ total: 0, clients: [] })
})

test("an empty tenant takes nothing in, and shows itself only to who may read hooks", async () => {
  const { call, tokenWith } = await openApp({ settings: { emptyTenant: true } })
  expect(await call("POST", "/api/v2/rules", { body: { name: "rule" } })).toMatchObject({ status: 404 })
  const token = await tokenWith(["create:events"])
  expect(await call("GET", "/api/v2/rules", { token })).toMatchObject({ status: 403 })
})
