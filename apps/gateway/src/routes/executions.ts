import { createRoute, z } from "@hono/zod-openapi"
import { executionStatusSchema, triggerIdSchema } from "@hooklane/core"
import { listExecutions, type Storage } from "@hooklane/storage"
import { requireScope } from "../auth.ts"
import { type CancelExecutionDeps, cancelExecution } from "../cancel.ts"
import { executionDetailSchema, executionSummarySchema, viewSummary } from "../execution-view.ts"
import { type ExecutionDeps, findExecution } from "../find-execution.ts"
import { executionIdSchema, idSchema } from "../id-schema.ts"
import { type ReplayDeps, replay } from "../replay.ts"
import { createRouter } from "../router.ts"

const pathSchema = z.object({ id: executionIdSchema })

const querySchema = z.strictObject({
  trigger: triggerIdSchema.optional(),
  hook: idSchema.optional().describe("A hook's id"),
  status: executionStatusSchema.optional(),
  from: z.iso.datetime({ offset: true }).optional().describe("Accepted at this moment or later, ISO 8601"),
  to: z.iso.datetime({ offset: true }).optional().describe("Accepted before this moment, ISO 8601"),
  cursor: z.string().max(200).optional().describe("`nextCursor` of the page before"),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

const listRoute = createRoute({
  method: "get",
  path: "/v1/executions",
  summary: "Executions, the newest first",
  request: { query: querySchema },
  responses: {
    200: {
      description: "One page; `nextCursor` is there when more follow",
      content: {
        "application/json": {
          schema: z.object({
            executions: z.array(executionSummarySchema),
            nextCursor: z.string().optional(),
          }),
        },
      },
    },
  },
})

const getRoute = createRoute({
  method: "get",
  path: "/v1/executions/{id}",
  summary: "One execution with its attempts and their console output",
  request: { params: pathSchema },
  responses: {
    200: { description: "The execution", content: { "application/json": { schema: executionDetailSchema } } },
  },
})

const replayRoute = createRoute({
  method: "post",
  path: "/v1/executions/{id}/replay",
  summary: "Runs the event of a dead letter again, with the hook as it is now",
  request: {
    params: pathSchema,
    query: z.strictObject({
      again: z.enum(["true", "false"]).default("false").describe("Also when it was replayed before"),
    }),
  },
  responses: {
    202: {
      description: "Stored as a new execution; `Location` is its address",
      content: {
        "application/json": {
          schema: z.object({ executionId: z.string(), status: z.literal("queued"), replayOf: z.string() }),
        },
      },
    },
  },
})

const cancelledSchema = z.object({ executionId: z.string(), status: z.enum(["cancelled", "cancelling"]) })

const cancelRoute = createRoute({
  method: "post",
  path: "/v1/executions/{id}/cancel",
  summary: "Ends an execution that is not over: it leaves its lane, or its run is stopped",
  request: { params: pathSchema },
  responses: {
    200: { description: "It is over", content: { "application/json": { schema: cancelledSchema } } },
    202: {
      description: "Its worker was told, and has not answered yet",
      content: { "application/json": { schema: cancelledSchema } },
    },
  },
})

type ExecutionRouteDeps = { storage: Storage } & ExecutionDeps & ReplayDeps & CancelExecutionDeps

/** `/v1/executions`: what ran, how it ended, another try for what failed, and an end for what nobody wants. */
export function executionRoutes(deps: ExecutionRouteDeps) {
  const app = createRouter()

  app.use("/v1/executions/*", requireScope("read:executions"))
  app.use("/v1/executions/:id/replay", requireScope("update:executions"))
  app.use("/v1/executions/:id/cancel", requireScope("update:executions"))

  app.openapi(listRoute, async (c) => {
    const { trigger, hook, from, to, ...query } = c.req.valid("query")
    const page = await listExecutions(deps.storage, {
      ...query,
      triggerId: trigger,
      hookId: hook,
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to),
    })
    return c.json({ ...page, executions: page.executions.map(viewSummary) }, 200)
  })

  app.openapi(getRoute, async (c) => c.json(await findExecution(deps, c.req.valid("param").id), 200))

  app.openapi(replayRoute, async (c) => {
    const { id } = c.req.valid("param")
    const executionId = await replay(deps, id, c.req.valid("query").again === "true" ? "again" : "once")
    c.header("Location", `/v1/executions/${executionId}`)
    return c.json({ executionId, status: "queued" as const, replayOf: id }, 202)
  })

  app.openapi(cancelRoute, async (c) => {
    const { id: executionId } = c.req.valid("param")
    const status = await cancelExecution(deps, executionId)
    return c.json({ executionId, status }, status === "cancelled" ? 200 : 202)
  })

  return app
}
