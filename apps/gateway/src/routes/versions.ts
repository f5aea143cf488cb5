import { createRoute, z } from "@hono/zod-openapi"
import { SECRET_MASK } from "@hooklane/core"
import { getVersion, listVersions, type Storage, type VersionSummary } from "@hooklane/storage"
import { requireScope } from "../auth.ts"
import { createRouter } from "../router.ts"

const summarySchema = z
  .object({
    id: z.string(),
    hookId: z.string(),
    number: z.int().describe("1 for the first"),
    name: z.string().describe("Name of the hook at that time"),
    dependencies: z.record(z.string(), z.string()),
    secrets: z.record(z.string(), z.string()).describe("Names; values are masked"),
    createdAt: z.iso.datetime(),
  })
  .openapi("HookVersionSummary")

const versionSchema = summarySchema.extend({ script: z.string() }).openapi("HookVersion")

const pageSchema = z.object({
  total: z.int(),
  start: z.int(),
  limit: z.int(),
  versions: z.array(summarySchema),
})

const listRoute = createRoute({
  method: "get",
  path: "/v1/hooks/{id}/versions",
  summary: "The versions of a hook, the newest first",
  middleware: requireScope("read:hooks"),
  request: {
    params: z.object({ id: z.string() }),
    query: z.strictObject({
      page: z.coerce.number<string>().int().min(0).default(0),
      per_page: z.coerce.number<string>().int().min(1).max(100).default(50),
    }),
  },
  responses: {
    200: { description: "One page", content: { "application/json": { schema: pageSchema } } },
  },
})

const getRoute = createRoute({
  method: "get",
  path: "/v1/hooks/{id}/versions/{number}",
  summary: "One version of a hook with its script",
  middleware: requireScope("read:hooks"),
  request: { params: z.object({ id: z.string(), number: z.coerce.number<string>().int().min(1) }) },
  responses: {
    200: { description: "The version", content: { "application/json": { schema: versionSchema } } },
  },
})

/** `/v1/hooks/{id}/versions`: every state that a hook was saved in. */
export function versionRoutes({ storage }: { storage: Storage }) {
  const app = createRouter()

  app.openapi(listRoute, async (c) => {
    const { page, per_page: limit } = c.req.valid("query")
    const start = page * limit
    const { versions, total } = await listVersions(storage, c.req.valid("param").id, { offset: start, limit })
    return c.json({ total, start, limit, versions: versions.map(viewVersion) }, 200)
  })

  app.openapi(getRoute, async (c) => {
    const { id, number } = c.req.valid("param")
    const { script, ...summary } = await getVersion(storage, id, number)
    return c.json({ ...viewVersion(summary), script }, 200)
  })

  return app
}

function viewVersion({ secretNames, createdAt, ...version }: VersionSummary): z.infer<typeof summarySchema> {
  const { id, hookId, number, name, dependencies } = version
  const secrets = Object.fromEntries(secretNames.map((secret) => [secret, SECRET_MASK]))
  return { id, hookId, number, name, dependencies, secrets, createdAt: createdAt.toISOString() }
}
