import { AppError } from "@hooklane/core"
import { Hono } from "hono"

/** It listens before it has started: with PORT=0 its address is known, and written down for callers, only then. */
export type GatewayPhase = "starting" | "running" | "stopping"

export interface HealthDeps {
  /** Rejects when Redis does not answer. */
  pingRedis: () => Promise<void>
  /** Rejects when the database does not answer. */
  pingDatabase: () => Promise<void>
  workerCount: () => Promise<number>
  phase: () => GatewayPhase
  metrics: { scrape: () => Promise<string>; contentType: string }
}

/** `/healthz` (the process lives), `/readyz` (events can be taken and run) and `/metrics`; all without a token. */
export function healthRoutes(deps: HealthDeps) {
  const app = new Hono()

  app.get("/healthz", (c) => c.json({ status: "ok" }))

  app.get("/readyz", async (c) => {
    const phase = deps.phase()
    if (phase === "starting")
      throw new AppError("starting", "The gateway is starting", { retryAfterSeconds: 1 })
    if (phase === "stopping") throw new AppError("shutting_down", "The gateway is stopping")
    await Promise.all([deps.pingRedis(), deps.pingDatabase()])
    const workers = await deps.workerCount()
    if (workers === 0) throw new AppError("no_worker", "No worker is running yet", { retryAfterSeconds: 1 })
    return c.json({ status: "ready", workers })
  })

  app.get("/metrics", async (c) =>
    c.text(await deps.metrics.scrape(), 200, { "content-type": deps.metrics.contentType }),
  )

  return app
}
