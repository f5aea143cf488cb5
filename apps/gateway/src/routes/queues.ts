import { createRoute, z } from "@hono/zod-openapi"
import { getTrigger, TRIGGER_IDS, triggerIdSchema } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { requireScope } from "../auth.ts"
import { createRouter } from "../router.ts"

const laneSchema = z
  .object({
    triggerId: triggerIdSchema,
    mode: z.enum(["sync", "async"]),
    isPaused: z.boolean(),
    waiting: z.int(),
    active: z.int(),
    delayed: z.int().describe("Failed jobs that wait for their next attempt"),
    failed: z.int().describe("Dead letters whose event is held"),
    oldestWaitingMs: z.number(),
  })
  .openapi("Lane")

const paramsSchema = z.object({ triggerId: z.string().openapi({ enum: [...triggerIdSchema.options] }) })
const laneAnswer = { description: "The lane", content: { "application/json": { schema: laneSchema } } }

const listRoute = createRoute({
  method: "get",
  path: "/v1/queues",
  summary: "The lanes: one queue per trigger",
  responses: {
    200: { description: "All lanes", content: { "application/json": { schema: z.array(laneSchema) } } },
  },
})

const getRoute = createRoute({
  method: "get",
  path: "/v1/queues/{triggerId}",
  summary: "One lane",
  request: { params: paramsSchema },
  responses: { 200: laneAnswer },
})

const pauseRoute = createRoute({
  method: "post",
  path: "/v1/queues/{triggerId}/pause",
  summary: "Stops a lane for all workers; jobs under way are finished, new ones wait",
  request: { params: paramsSchema },
  responses: { 200: laneAnswer },
})

const resumeRoute = createRoute({
  method: "post",
  path: "/v1/queues/{triggerId}/resume",
  summary: "Lets a paused lane go on",
  request: { params: paramsSchema },
  responses: { 200: laneAnswer },
})

/** `/v1/queues`: how much waits where, and the brake. */
export function queueRoutes({ lanes }: { lanes: Pick<Lanes, "counts" | "pause" | "resume"> }) {
  const app = createRouter()

  app.use("/v1/queues/*", requireScope("read:queues"))
  app.use("/v1/queues/:triggerId/pause", requireScope("update:queues"))
  app.use("/v1/queues/:triggerId/resume", requireScope("update:queues"))

  app.openapi(listRoute, async (c) =>
    c.json(await Promise.all(TRIGGER_IDS.map((id) => lanes.counts(id))), 200),
  )
  app.openapi(getRoute, async (c) => c.json(await lanes.counts(getTrigger(c.req.param("triggerId")).id), 200))

  app.openapi(pauseRoute, async (c) => {
    const { id } = getTrigger(c.req.param("triggerId"))
    await lanes.pause(id)
    return c.json(await lanes.counts(id), 200)
  })

  app.openapi(resumeRoute, async (c) => {
    const { id } = getTrigger(c.req.param("triggerId"))
    await lanes.resume(id)
    return c.json(await lanes.counts(id), 200)
  })

  return app
}
