import { createRoute, z } from "@hono/zod-openapi"
import { AppError } from "@hooklane/core"
import {
  type Client,
  createClient,
  findClient,
  listClients,
  rotateClientSecret,
  type Storage,
} from "@hooklane/storage"
import { callerOf, requireScope } from "../auth.ts"
import type { ClientRegistry } from "../client-registry.ts"
import { idSchema } from "../id-schema.ts"
import { type Caller, createRouter } from "../router.ts"
import { SCOPES } from "../scopes.ts"

export interface ClientDeps {
  storage: Storage
  clients: Pick<ClientRegistry, "revoke">
}

const clientSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    createdAt: z.iso.datetime(),
  })
  .openapi("Client")

const newClientSchema = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).max(SCOPES.length).describe("What the client may do"),
})

const clientWithSecretSchema = clientSchema
  .extend({ secret: z.string().describe("Shown this once") })
  .openapi("ClientWithSecret")

const pathSchema = z.object({ id: idSchema })

const listRoute = createRoute({
  method: "get",
  path: "/v1/clients",
  summary: "The management clients that are not revoked",
  middleware: requireScope("read:clients"),
  responses: {
    200: { description: "All clients", content: { "application/json": { schema: z.array(clientSchema) } } },
  },
})

const newRoute = createRoute({
  method: "post",
  path: "/v1/clients",
  summary: "Makes a management client that may do what the caller may, or less",
  middleware: requireScope("create:clients"),
  request: { body: { required: true, content: { "application/json": { schema: newClientSchema } } } },
  responses: {
    201: {
      description: "The client with its secret",
      content: { "application/json": { schema: clientWithSecretSchema } },
    },
  },
})

const rotateRoute = createRoute({
  method: "post",
  path: "/v1/clients/{id}/rotate-secret",
  summary: "Gives a client a new secret; the old one ends at once, tokens live on until they expire",
  middleware: requireScope("update:clients"),
  request: { params: pathSchema },
  responses: {
    200: {
      description: "The new secret",
      content: { "application/json": { schema: z.object({ id: z.string(), secret: z.string() }) } },
    },
  },
})

const revokeRoute = createRoute({
  method: "delete",
  path: "/v1/clients/{id}",
  summary:
    "Ends a client that may do what the caller may, or less; its tokens stop working within five seconds",
  middleware: requireScope("delete:clients"),
  request: { params: pathSchema },
  responses: { 204: { description: "Revoked" } },
})

/** `/v1/clients`: who may call the API. */
export function clientRoutes({ storage, clients }: ClientDeps) {
  const app = createRouter()

  /** Nobody acts on a client that may do more than himself; one that does not exist is the next step's to refuse. */
  async function refuseBeyond(caller: Caller, id: string): Promise<void> {
    const client = await findClient(storage, id)
    if (client) refuseMoreThan(caller, client.scopes)
  }

  app.openapi(listRoute, async (c) => c.json((await listClients(storage)).map(viewClient), 200))

  app.openapi(newRoute, async (c) => {
    const body = c.req.valid("json")
    refuseMoreThan(callerOf(c), body.scopes)
    const { client, secret } = await createClient(storage, body)
    return c.json({ ...viewClient(client), secret }, 201)
  })

  app.openapi(rotateRoute, async (c) => {
    const { id } = c.req.valid("param")
    // A new secret is a way in, so it is given only to who may do all that the client may.
    await refuseBeyond(callerOf(c), id)
    return c.json({ id, ...(await rotateClientSecret(storage, id)) }, 200)
  })

  app.openapi(revokeRoute, async (c) => {
    const { id } = c.req.valid("param")
    // Else who may do little could stop those who may do more.
    await refuseBeyond(callerOf(c), id)
    await clients.revoke(id)
    return c.body(null, 204)
  })

  return app
}

function viewClient({ id, name, scopes, createdAt }: Client): z.infer<typeof clientSchema> {
  return { id, name, scopes, createdAt: createdAt.toISOString() }
}

function refuseMoreThan({ scopes }: Caller, wanted: readonly string[]): void {
  const missing = wanted.filter((scope) => !scopes.has(scope))
  if (missing.length > 0)
    throw new AppError(
      "insufficient_scope",
      `Insufficient scope, not held by the caller: ${missing.join(",")}`,
    )
}
