import type { OpenAPIHono } from "@hono/zod-openapi"
import { docsPage } from "../docs-page.ts"
import { describeManagementApi } from "../management-openapi.ts"
import { createRouter, type GatewayEnv } from "../router.ts"

const ABOUT = {
  openapi: "3.1.0",
  info: {
    title: "Hooklane",
    version: "1",
    description:
      "Hooks are kept under /api/v2 exactly as in Auth0's Management API; what is Hooklane's own is under /v1.",
  },
  security: [{ accessToken: [] }],
}

/** The page has a style and links, and nothing else. */
const STYLE_ONLY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/openapi.json`, and `/docs` to read it; both without a token. */
export function docsRoutes(app: OpenAPIHono<GatewayEnv>) {
  app.openAPIRegistry.registerComponent("securitySchemes", "accessToken", {
    type: "oauth2",
    flows: { clientCredentials: { tokenUrl: "/oauth/token", scopes: {} } },
  })
  describeManagementApi(app)
  const routes = createRouter()
  routes.get("/openapi.json", (c) => c.json(app.getOpenAPI31Document(ABOUT)))
  routes.get("/docs", (c) => {
    c.header("Content-Security-Policy", STYLE_ONLY)
    return c.html(docsPage(app.getOpenAPI31Document(ABOUT)))
  })
  return routes
}
