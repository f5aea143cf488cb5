import { createHash } from "node:crypto"
import { createBullBoard } from "@bull-board/api"
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter"
import { HonoAdapter } from "@bull-board/hono"
import { serveStatic } from "@hono/node-server/serve-static"
import { AppError } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { Hono } from "hono"
import { basicAuth } from "hono/basic-auth"
import { secureHeaders } from "hono/secure-headers"
import { createBoundedMap } from "../bounded-map.ts"
import type { ClientRegistry } from "../client-registry.ts"

const BASE_PATH = "/admin/queues"
const PASSED_MS = 60_000

/** The board would load its fonts from elsewhere, and tell that host about every visit. */
const OWN_CONTENT_ONLY = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  scriptSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:"],
}

export interface QueueBoardDeps {
  lanes: Pick<Lanes, "bullQueues">
  clients: Pick<ClientRegistry, "login">
}

/**
 * `/admin/queues`: BullMQ's own view of the lanes, for people, behind id and secret of a management client.
 * It looks and does not touch: a job that was changed here would be missing in the history, so pause, resume and
 * replay are done over `/v1`.
 */
export function queueBoardRoutes({ lanes, clients }: QueueBoardDeps) {
  const serverAdapter = new HonoAdapter(serveStatic)
  serverAdapter.setBasePath(BASE_PATH)
  createBullBoard({
    queues: lanes.bullQueues().map(readOnlyQueue),
    serverAdapter,
    options: { uiConfig: { boardTitle: "Hooklane lanes" } },
  })

  const app = new Hono()
  const guard = basicAuth({
    verifyUser: createVerifier(clients),
    realm: "Hooklane",
  })
  app.use(`${BASE_PATH}/*`, guard, secureHeaders({ contentSecurityPolicy: OWN_CONTENT_ONLY }))
  app.route(BASE_PATH, serverAdapter.registerPlugin())
  return app
}

/** A browser sends its credentials with every request and checking them is slow by design: a success holds a minute. */
function createVerifier(
  clients: QueueBoardDeps["clients"],
): (id: string, secret: string) => Promise<boolean> {
  const passed = createBoundedMap<string, { until: number }>(100)
  return async (id, secret) => {
    const key = createHash("sha256").update(`${id}\n${secret}`).digest("base64")
    if ((passed.get(key)?.until ?? 0) > Date.now()) return true
    const client = await clients.login(id, secret).catch(unlessDenied)
    const mayRead = client?.scopes.includes("read:queues") ?? false
    if (mayRead) passed.set(key, { until: Date.now() + PASSED_MS })
    return mayRead
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
