import { createBullBoard } from "@bull-board/api"
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter"
import { HonoAdapter } from "@bull-board/hono"
import { serveStatic } from "@hono/node-server/serve-static"
import { AppError } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { type Context, Hono } from "hono"
import { basicAuth } from "hono/basic-auth"
import { secureHeaders } from "hono/secure-headers"
import type { FindOrigin } from "../caller-origin.ts"
import type { ClientRegistry } from "../client-registry.ts"

const BASE_PATH = "/admin/queues"

/** The board would load its fonts from elsewhere, and tell that host about every visit. */
const OWN_CONTENT_ONLY = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  scriptSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:"],
  frameAncestors: ["'none'"],
}

export interface QueueBoardDeps {
  lanes: Pick<Lanes, "bullQueues">
  clients: Pick<ClientRegistry, "login">
  findOrigin: FindOrigin
}

/**
 * `/admin/queues`: BullMQ's own view of the lanes, for people, behind id and secret of a management client.
 * It looks and does not touch: a job that was changed here would be missing in the history, so pause, resume and
 * replay are done over `/v1`.
 */
export function queueBoardRoutes({ lanes, ...deps }: QueueBoardDeps) {
  const serverAdapter = new HonoAdapter(serveStatic)
  serverAdapter.setBasePath(BASE_PATH)
  createBullBoard({
    queues: lanes.bullQueues().map(readOnlyQueue),
    serverAdapter,
    options: { uiConfig: { boardTitle: "Hooklane lanes" } },
  })

  const app = new Hono()
  const guard = basicAuth({
    verifyUser: createVerifier(deps),
    realm: "Hooklane",
  })
  app.use(
    `${BASE_PATH}/*`,
    guard,
    secureHeaders({ contentSecurityPolicy: OWN_CONTENT_ONLY, xFrameOptions: "DENY" }),
  )
  const board = serverAdapter.registerPlugin()
  // By itself it answers 500 for a file that is not there, and prints a stack.
  board.onError((error) => {
    throw error
  })
  app.route(BASE_PATH, board)
  return app
}

/** Asked with every request, since a browser sends its credentials with each: who is revoked is out at once. */
function createVerifier({ clients, findOrigin }: Pick<QueueBoardDeps, "clients" | "findOrigin">) {
  return async (id: string, secret: string, c: Context): Promise<boolean> => {
    const { address } = findOrigin(c)
    const client = await clients.login({ id, secret, address }).catch(unlessDenied)
    return client?.scopes.includes("read:queues") ?? false
  }
}

function unlessDenied(error: unknown): undefined {
  if (error instanceof AppError && error.code === "access_denied") return undefined
  throw error
}

type BullQueue = ReturnType<Lanes["bullQueues"]>[number]

function readOnlyQueue(queue: BullQueue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true })
  // The event is encrypted; showing its ciphertext would help nobody.
  adapter.setFormatter("data", (data: object) => ({ ...data, sealedEvent: "(encrypted)" }))
  return adapter
}
