import { createRoute, z } from "@hono/zod-openapi"
import { failureSchema, TRIGGER_IDS, TRIGGERS } from "@hooklane/core"
import type { Lanes } from "@hooklane/queue"
import { requireScope } from "../auth.ts"
import { idSchema } from "../id-schema.ts"
import { readBody } from "../read-body.ts"
import type { ReplayDeps } from "../replay.ts"
import { findReplayable, replayMany } from "../replay-many.ts"
import { createRouter } from "../router.ts"

const MAX_REPLAYS = 1_000

const asyncTriggerSchema = z.enum(TRIGGER_IDS.filter((id) => TRIGGERS[id].mode === "async"))
const momentSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

const requestSchema = z
  .strictObject({
    filter: z
      .strictObject({
        trigger: asyncTriggerSchema.optional(),
        hook: idSchema.optional().describe("A hook's id"),
        failure: failureSchema.optional(),
        from: momentSchema.optional().describe("Accepted at this moment or later, ISO 8601"),
        to: momentSchema.optional().describe("Accepted before this moment, ISO 8601"),
      })
      .describe("What the dead letters have in common; {} is all of them"),
    dryRun: z.boolean().default(false).describe("Only count them"),
    perSecond: z.number().min(0.1).max(1_000).default(50).describe("Replays per second"),
    limit: z.int().min(1).max(MAX_REPLAYS).default(MAX_REPLAYS).describe("Replays of this call"),
  })
  .openapi("BulkReplay")

const resultSchema = z
  .object({
    replays: z.array(z.object({ executionId: z.string(), replayOf: z.string() })),
    skipped: z
      .array(z.object({ executionId: z.string(), errorCode: z.string(), message: z.string() }))
      .describe("What could not be replayed"),
    remaining: z.int().describe("What matches and was not come to: call again for those"),
    stoppedBy: z.string().optional().describe("The error that every further one would have met"),
  })
  .openapi("BulkReplayResult")

const replayRoute = createRoute({
  method: "post",
  path: "/v1/dead-letters/replay",
  summary: "Replays the dead letters that match, each once",
  description:
    "Up to 1,000 and for up to 25 s per call; call again while `remaining` is not 0. What was replayed is marked, so " +
    "that a call which was cut off can be repeated.",
  request: { body: { content: { "application/json": { schema: requestSchema } }, required: true } },
  responses: {
    200: { description: "What was done", content: { "application/json": { schema: resultSchema } } },
  },
})

/** `/v1/dead-letters`: another try for many at once. */
export function deadLetterRoutes(deps: ReplayDeps & { lanes: Pick<Lanes, "deadLetters"> }) {
  const app = createRouter()

  app.use("/v1/dead-letters/*", requireScope("update:executions"))

  app.openAPIRegistry.registerPath(replayRoute)
  app.post(replayRoute.getRoutingPath(), async (c) => {
    const { filter, dryRun, ...pace } = await readBody(c, requestSchema)
    const { trigger: triggerId, hook: hookId, ...rest } = filter
    const conditions = { triggerId, hookId, ...rest }
    if (dryRun) {
      const { length: remaining } = await findReplayable(deps, conditions)
      return c.json({ replays: [], skipped: [], remaining })
    }
    return c.json(await replayMany(deps, { filter: conditions, ...pace, signal: c.req.raw.signal }))
  })

  return app
}
