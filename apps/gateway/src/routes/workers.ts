import { createRoute, z } from "@hono/zod-openapi"
import { standingWallSchema, triggerIdSchema } from "@hooklane/core"
import type { WorkerInfo } from "@hooklane/queue"
import { requireScope } from "../auth.ts"
import { createRouter } from "../router.ts"

const workerSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    startedAt: z.iso.datetime(),
    threads: z.int().describe("Threads per executor process"),
    version: z.string(),
    lanes: z.array(triggerIdSchema),
    wall: z
      .object(standingWallSchema.shape)
      .describe("What holds native code in a hook's process, from nothing to all: process, user, kernel")
      .optional(),
  })
  .openapi("Worker")

const listRoute = createRoute({
  method: "get",
  path: "/v1/workers",
  summary: "The worker processes that are alive",
  responses: {
    200: { description: "All workers", content: { "application/json": { schema: z.array(workerSchema) } } },
  },
})

export interface WorkerRouteDeps {
  listWorkers: () => Promise<WorkerInfo[]>
}

/** `/v1/workers`: who is there to run hooks. */
export function workerRoutes({ listWorkers }: WorkerRouteDeps) {
  const app = createRouter()
  app.use("/v1/workers", requireScope("read:workers"))
  app.openapi(listRoute, async (c) => {
    const workers = await listWorkers()
    return c.json(
      workers.map((worker) => ({ ...worker, startedAt: new Date(worker.startedAt).toISOString() })),
      200,
    )
  })
  return app
}
