import { createRoute, z } from "@hono/zod-openapi"
import { buildStatusSchema, SECRET_MASK } from "@hooklane/core"
import {
  getVersion,
  type HookVersion,
  listVersions,
  type Storage,
  type VersionSummary,
} from "@hooklane/storage"
import { requireScope } from "../auth.ts"
import { idSchema, MAX_VERSION_NUMBER } from "../id-schema.ts"
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
    buildStatus: buildStatusSchema.describe(
      "Of its npm packages; it can run when there are none or when built",
    ),
    bundleId: z.string().nullable().describe("Hash of its bundled npm packages"),
  })
  .openapi("HookVersionSummary")

const versionSchema = summarySchema
  .extend({
    script: z.string(),
    buildLog: z.string().describe("What npm and the bundler had to say, the last 64 kB of it"),
    lockHash: z.string().nullable().describe("The same hash is the same bundle"),
    resolved: z
      .record(z.string(), z.string())
      .describe("Every installed package by its place in node_modules, to its exact version"),
  })
  .openapi("HookVersion")

const pageSchema = z.object({
  total: z.int(),
  start: z.int(),
  limit: z.int(),
  versions: z.array(summarySchema),
})

const versionPathSchema = z.object({
  id: idSchema,
  number: z.coerce.number<string>().int().min(1).max(MAX_VERSION_NUMBER),
})

const listRoute = createRoute({
  method: "get",
  path: "/v1/hooks/{id}/versions",
  summary: "The versions of a hook, the newest first",
  middleware: requireScope("read:hooks"),
  request: {
    params: z.object({ id: idSchema }),
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
  request: { params: versionPathSchema },
  responses: {
    200: { description: "The version", content: { "application/json": { schema: versionSchema } } },
  },
})

const buildRoute = createRoute({
  method: "post",
  path: "/v1/hooks/{id}/versions/{number}/build",
  summary: "Tries a failed build of a version's npm packages again",
  middleware: requireScope("update:hooks"),
  request: { params: versionPathSchema },
  responses: {
    200: {
      description: "The version; its build is pending when it takes long",
      content: { "application/json": { schema: versionSchema } },
    },
  },
})

export interface VersionDeps {
  storage: Storage
  /** Builds the npm packages of a version again, and waits for them a while. */
  retryBuild: (hookId: string, number: number) => Promise<void>
}

/** `/v1/hooks/{id}/versions`: every state that a hook was saved in. */
export function versionRoutes({ storage, retryBuild }: VersionDeps) {
  const app = createRouter()

  app.openapi(listRoute, async (c) => {
    const { page, per_page: limit } = c.req.valid("query")
    const start = page * limit
    const { versions, total } = await listVersions(storage, c.req.valid("param").id, { offset: start, limit })
    return c.json({ total, start, limit, versions: versions.map(viewSummary) }, 200)
  })

  app.openapi(getRoute, async (c) => {
    const { id, number } = c.req.valid("param")
    return c.json(viewVersion(await getVersion(storage, id, number)), 200)
  })

  app.openapi(buildRoute, async (c) => {
    const { id, number } = c.req.valid("param")
    await retryBuild(id, number)
    return c.json(viewVersion(await getVersion(storage, id, number)), 200)
  })

  return app
}

function viewSummary(version: VersionSummary): z.infer<typeof summarySchema> {
  const { id, hookId, number, name, dependencies, buildStatus, bundleId } = version
  const secrets = Object.fromEntries(version.secretNames.map((secret) => [secret, SECRET_MASK]))
  const createdAt = version.createdAt.toISOString()
  return { id, hookId, number, name, dependencies, secrets, createdAt, buildStatus, bundleId }
}

function viewVersion(version: HookVersion): z.infer<typeof versionSchema> {
  const { script, buildLog, lockHash, lock } = version
  const resolved = Object.entries(lock ?? {}).map(([place, { version: exact }]) => [place, exact])
  return { ...viewSummary(version), script, buildLog, lockHash, resolved: Object.fromEntries(resolved) }
}
