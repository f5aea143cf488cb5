import { type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi"
import { triggerIdSchema } from "@hooklane/core"
import {
  createHookSchema,
  hookFieldsSchema,
  hookListSchema,
  hookPathSchema,
  secretNamesSchema,
  secretsSchema,
  updateHookSchema,
} from "./hook-schemas.ts"

const hookSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    script: z.string(),
    dependencies: z.record(z.string(), z.string()),
    enabled: z.boolean(),
    triggerId: triggerIdSchema,
  })
  .openapi("Hook")

const pageSchema = z.object({
  total: z.int(),
  start: z.int(),
  limit: z.int(),
  hooks: z.array(hookSchema.partial()),
})

const HOOKS = "/api/v2/hooks"
const HOOK = "/api/v2/hooks/{id}"
const SECRETS = "/api/v2/hooks/{id}/secrets"
const ofHook = { params: hookPathSchema }
const done = { 204: { description: "Done" } }

/** Auth0's endpoints, which check their input themselves: forms, and the words of the answers, ask for it. */
const OPERATIONS: readonly RouteConfig[] = [
  {
    method: "get",
    path: HOOKS,
    summary: "The hooks; with include_totals as a page, else as an array",
    request: { query: hookListSchema },
    responses: {
      200: { description: "Hooks", ...json(z.union([z.array(hookSchema.partial()), pageSchema])) },
    },
  },
  {
    method: "post",
    path: HOOKS,
    summary: "Makes a hook",
    request: { body: input(createHookSchema) },
    responses: { 201: { description: "The hook", ...json(hookSchema) } },
  },
  {
    method: "get",
    path: HOOK,
    summary: "One hook",
    request: { ...ofHook, query: hookFieldsSchema },
    responses: { 200: { description: "The hook", ...json(hookSchema.partial()) } },
  },
  {
    method: "patch",
    path: HOOK,
    summary: "Changes a hook; enabling it disables the trigger's other hook",
    request: { ...ofHook, body: input(updateHookSchema) },
    responses: { 200: { description: "The hook", ...json(hookSchema) } },
  },
  { method: "delete", path: HOOK, summary: "Deletes a hook", request: ofHook, responses: done },
  {
    method: "get",
    path: SECRETS,
    summary: "The names of a hook's secrets, the values masked",
    request: ofHook,
    responses: { 200: { description: "Names", ...json(z.record(z.string(), z.string())) } },
  },
  {
    method: "post",
    path: SECRETS,
    summary: "Adds secrets",
    request: { ...ofHook, body: input(secretsSchema) },
    responses: { 201: { description: "Added" } },
  },
  {
    method: "patch",
    path: SECRETS,
    summary: "Replaces the values of secrets",
    request: { ...ofHook, body: input(secretsSchema) },
    responses: { 201: { description: "Replaced" } },
  },
  {
    method: "delete",
    path: SECRETS,
    summary: "Removes the secrets of these names",
    request: { ...ofHook, body: input(secretNamesSchema) },
    responses: done,
  },
]

export function describeManagementApi({ openAPIRegistry }: Pick<OpenAPIHono, "openAPIRegistry">): void {
  for (const operation of OPERATIONS) openAPIRegistry.registerPath(operation)
}

function json(schema: z.ZodType) {
  return { content: { "application/json": { schema } } }
}

function input(schema: z.ZodType) {
  return { required: true, ...json(schema) }
}
