import { createRoute, z } from "@hono/zod-openapi"
import {
  answeredBySchema,
  failureSchema,
  getTrigger,
  parseEvent,
  TRIGGERS,
  type Trigger,
  triggerIdSchema,
} from "@hooklane/core"
import { callerOf, requireScope } from "../auth.ts"
import { type ChainDeps, createChain } from "../chain.ts"
import type { DispatchResult } from "../dispatch.ts"
import { asyncEventQuery, readTiming, syncEventQuery } from "../event-options.ts"
import { type IdempotencyDeps, onlyOnce } from "../idempotency.ts"
import { readJson } from "../read-json.ts"
import { createRouter } from "../router.ts"

const EXECUTION_ID_HEADER = "Hooklane-Execution-Id"

const triggerSchema = z
  .object({
    id: triggerIdSchema,
    title: z.string(),
    description: z.string(),
    mode: z.enum(["sync", "async"]),
    parameters: z.array(z.string()),
    template: z.string(),
    sampleEvent: z.record(z.string(), z.unknown()),
    editorTypes: z.string(),
  })
  .openapi("Trigger")

const answerSchema = z
  .object({
    executionId: z.string().nullable().describe("null when there is no enabled hook"),
    status: z.enum(["succeeded", "failed", "skipped"]),
    result: z.unknown().optional().describe("What of the hook's result may be applied"),
    error: z
      .looseObject({ name: z.string(), message: z.string() })
      .optional()
      .describe("The hook's error with its own properties, such as friendlyMessage"),
    response: z
      .object({ statusCode: z.int(), body: z.record(z.string(), z.unknown()) })
      .optional()
      .describe(
        "With `failed`: what Auth0 answered the client at /oauth/token (credentials-exchange) or " +
          "/dbconnections/signup (pre-user-registration), for you to answer yours",
      ),
    policy: z
      .object({ onFailure: answeredBySchema, failure: failureSchema, message: z.string() })
      .optional()
      .describe(
        "The hook failed, and this is what its script says to answer then: to go on as if there were no hook (open, " +
          "`skipped`) or a result that stands in for the hook's (fallback, `succeeded`)",
      ),
    executions: z.array(z.string()).optional().describe("Of a chain: the executions of its hooks, in order"),
    durationMs: z.number(),
  })
  .openapi("Answer")

const acceptedSchema = z
  .object({
    executionId: z.string(),
    status: z.literal("queued"),
    executions: z.array(z.string()).optional().describe("Of a chain: one execution for each hook"),
  })
  .openapi("Accepted")

const listRoute = createRoute({
  method: "get",
  path: "/v1/triggers",
  summary: "The triggers, with a template and a sample event each",
  responses: {
    200: { description: "All triggers", content: { "application/json": { schema: z.array(triggerSchema) } } },
  },
})

const eventRoute = createRoute({
  method: "post",
  path: "/v1/triggers/{triggerId}/events",
  summary: "Submits an event to a trigger",
  description:
    "The body holds the arguments of the hook by name. A synchronous trigger answers with the hook's result; an " +
    "asynchronous one answers 202 once the event is stored. A hook that calls back with an error is `failed`, still 200. " +
    "A synchronous run is stopped when its caller goes away, unless it came with an Idempotency-Key: then the caller " +
    "may come back for the answer.",
  request: {
    params: z.object({ triggerId: z.string().openapi({ enum: [...triggerIdSchema.options] }) }),
    query: z.object({ ...syncEventQuery.shape, ...asyncEventQuery.shape }),
    headers: z.object({
      prefer: z
        .string()
        .optional()
        .describe("`wait=10`: as timeoutMs, in seconds; what was followed is in Preference-Applied"),
      "idempotency-key": z
        .string()
        .optional()
        .describe("The same key gives the same execution, for 24 hours"),
      traceparent: z.string().optional().describe("W3C trace context, carried through to the run"),
    }),
    body: { content: { "application/json": { schema: z.record(z.string(), z.unknown()) } } },
  },
  responses: {
    200: { description: "The answer", content: { "application/json": { schema: answerSchema } } },
    202: {
      description: "Stored; `Location` is the execution's address",
      content: { "application/json": { schema: acceptedSchema } },
    },
  },
})

/** `/v1/triggers`: what there is to hook into, and the way in for events. */
export function triggerRoutes(deps: ChainDeps & IdempotencyDeps & { maxDelayDays: number }) {
  const app = createRouter()
  const dispatch = createChain(deps)

  app.use("/v1/triggers", requireScope("read:hooks"))
  app.use("/v1/triggers/:triggerId/events", requireScope("create:events"))

  app.openapi(listRoute, (c) => c.json(Object.values(TRIGGERS).map(viewTrigger), 200))

  // Described, not declared: a declared route would parse headers and body on its own account, and the event is
  // checked by its trigger. That is a tenth of the gateway's time.
  app.openAPIRegistry.registerPath(eventRoute)
  app.post(eventRoute.getRoutingPath(), async (c) => {
    const trigger = getTrigger(c.req.param("triggerId"))
    const event = parseEvent(trigger, await readJson(c))
    const idempotencyKey = c.req.header("idempotency-key")
    const submission = {
      trigger,
      event,
      traceparent: c.get("traceparent"),
      ...readTiming(c, trigger, deps),
      // Who sent a key may come back for the answer.
      callerGone: idempotencyKey === undefined ? c.req.raw.signal : undefined,
    }
    const { timeoutMs } = submission
    const request = { trigger, clientId: callerOf(c).clientId, body: await c.req.text(), timeoutMs }
    const result =
      idempotencyKey === undefined
        ? await dispatch(submission)
        : await onlyOnce(deps, { ...request, idempotencyKey }, (given) =>
            dispatch({ ...submission, ...given }),
          )
    if ("executionId" in result) c.header(EXECUTION_ID_HEADER, result.executionId)
    if (result.status !== "queued") return c.json(viewAnswer(result), 200)
    c.header("Location", `/v1/executions/${result.executionId}`)
    return c.json(result, 202)
  })

  return app
}

function viewTrigger(trigger: Trigger): z.infer<typeof triggerSchema> {
  const { id, title, description, mode, parameters, template, sampleEvent, editorTypes } = trigger
  return { id, title, description, mode, parameters: [...parameters], template, sampleEvent, editorTypes }
}

function viewAnswer(result: Exclude<DispatchResult, { status: "queued" }>): z.infer<typeof answerSchema> {
  switch (result.status) {
    case "skipped":
      return result.policy ? result : { executionId: null, status: "skipped", durationMs: 0 }
    case "succeeded":
      return result
    case "failed": {
      const { error, failure, ...answer } = result
      const { name, message, properties } = error
      return { ...answer, error: { ...properties, name, message, failure } }
    }
    default:
      return result satisfies never
  }
}
