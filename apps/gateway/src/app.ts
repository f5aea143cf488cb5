import { AppError, type Config, type Hook } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import type { Storage } from "@hooklane/storage"
import { requestId } from "hono/request-id"
import type { Logger } from "pino"
import { createAccessTokens } from "./access-tokens.ts"
import { authenticate } from "./auth.ts"
import { limitBody } from "./body-limit.ts"
import { createFindOrigin } from "./caller-origin.ts"
import type { ChainDeps } from "./chain.ts"
import type { Circuits } from "./circuits.ts"
import { createClientRegistry } from "./client-registry.ts"
import type { IdempotencyDeps } from "./idempotency.ts"
import { managementHeaders } from "./management-headers.ts"
import { answerError } from "./problem.ts"
import { rateLimit } from "./rate-limit.ts"
import { requestLog } from "./request-log.ts"
import { createRouter } from "./router.ts"
import { circuitRoutes } from "./routes/circuits.ts"
import { clientRoutes } from "./routes/clients.ts"
import { deadLetterRoutes } from "./routes/dead-letters.ts"
import { docsRoutes } from "./routes/docs.ts"
import { emptyTenantRoutes } from "./routes/empty-tenant.ts"
import { executionRoutes } from "./routes/executions.ts"
import { type HealthDeps, healthRoutes } from "./routes/health.ts"
import { hookRoutes } from "./routes/hooks.ts"
import { oauthRoutes } from "./routes/oauth.ts"
import { otherResourceRoutes } from "./routes/other-resources.ts"
import { queueBoardRoutes } from "./routes/queue-board.ts"
import { queueRoutes } from "./routes/queues.ts"
import { secretRoutes } from "./routes/secrets.ts"
import { triggerRoutes } from "./routes/triggers.ts"
import { versionRoutes } from "./routes/versions.ts"
import { type WorkerRouteDeps, workerRoutes } from "./routes/workers.ts"

interface ManagementDeps {
  config: Config
  storage: Storage
  log: Logger
  /** Makes known that a hook was deleted, and removes what it has stored; awaited before that is answered. */
  hookDeleted: (hook: Pick<Hook, "id" | "triggerId">) => Promise<void>
  /** Makes a saved hook known and has its npm packages built, if it has to be; waits for them a while. */
  hookSaved: (hook: Pick<Hook, "id" | "triggerId">) => Promise<void>
  /** Builds the npm packages of a version again, and waits in the same way. */
  retryBuild: (hookId: string, number: number) => Promise<void>
  /** Epoch milliseconds. */
  now: () => number
}

/** What each part of the app needs, together. */
export type AppDeps = ManagementDeps &
  ChainDeps &
  IdempotencyDeps &
  HealthDeps &
  WorkerRouteDeps & { lanes: Lanes; circuits: Circuits }

/** The gateway's HTTP side: what every request passes, then the routes, then one answer for every error. */
export function createApp(given: AppDeps) {
  const deps = {
    ...given,
    accessTokens: createAccessTokens(given),
    clients: createClientRegistry(given),
    findOrigin: createFindOrigin(given.config),
  }
  const app = createRouter()

  app.use(requestId({ limitLength: 64 }), requestLog(deps))
  app.use("/api/v2/*", managementHeaders, authenticate(deps), rateLimit(deps))
  app.use("/v1/*", authenticate(deps))
  app.use(limitBody(deps.config.maxBodyBytes))

  app.route("/", oauthRoutes(deps))
  app.route("/", hookRoutes(deps))
  app.route("/", secretRoutes(deps))
  app.route("/", deps.config.emptyTenant ? emptyTenantRoutes() : otherResourceRoutes())
  app.route("/", versionRoutes(deps))
  app.route("/", circuitRoutes(deps))
  app.route("/", clientRoutes(deps))
  app.route("/", triggerRoutes({ ...deps, maxDelayDays: deps.config.maxDelayDays }))
  app.route("/", executionRoutes(deps))
  app.route("/", deadLetterRoutes(deps))
  app.route("/", queueRoutes(deps))
  app.route("/", workerRoutes(deps))
  app.route("/", queueBoardRoutes(deps))
  app.route("/", healthRoutes(deps))
  app.route("/", docsRoutes(app))

  app.notFound(() => {
    throw new AppError("not_found", "Not Found")
  })
  app.onError(answerError(deps))
  return app
}
