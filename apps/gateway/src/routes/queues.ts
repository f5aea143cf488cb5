import { createRoute, z } from "@hono/zod-openapi"
import { AppError, getTrigger, TRIGGER_IDS, triggerIdSchema } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { requireScope } from "../auth.ts"
import { type DrainDeps, drainLane } from "../drain.ts"
import { createRouter } from "../router.ts"

const laneSchema = z
  .object({
    triggerId: triggerIdSchema,
    mode: z.enum(["sync", "async"]),
    isPaused: z.boolean(),
    waiting: z.int(),
    active: z.int(),
    delayed: z.int().describe("Jobs that wait for their next attempt, or for their deliverAt"),
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

const drainRoute = createRoute({
  method: "post",
  path: "/v1/queues/{triggerId}/drain",
  summary: "Removes what waits in a lane, and records each as cancelled; jobs under way are finished",
  description: "Up to 10,000 per call; call again while `remaining` is not 0.",
  request: {
    params: paramsSchema,
    query: z.object({ confirm: z.string().describe("The trigger's id once more: there is no way back") }),
  },
  responses: {
    200: {
      description: "What was done",
      content: { "application/json": { schema: z.object({ drained: z.int(), remaining: z.int() }) } },
    },
  },
})

type QueueRouteDeps = DrainDeps & { lanes: Pick<Lanes, "counts" | "pause" | "resume"> }

/** `/v1/queues`: how much waits where, the brake, and the plug. */
export function queueRoutes(deps: QueueRouteDeps) {
  const { lanes } = deps
  const app = createRouter()

  app.use("/v1/queues/*", requireScope("read:queues"))
  app.use("/v1/queues/:triggerId/pause", requireScope("update:queues"))
  app.use("/v1/queues/:triggerId/resume", requireScope("update:queues"))
  app.use("/v1/queues/:triggerId/drain", requireScope("update:queues"))

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

  app.openapi(drainRoute, async (c) => {
    const { id } = getTrigger(c.req.param("triggerId"))
    if (c.req.valid("query").confirm !== id) {
      throw new AppError("invalid_query_string", `To drain this lane, add ?confirm=${id}`)
    }
    return c.json(await drainLane(deps, id), 200)
  })

  return app
}
