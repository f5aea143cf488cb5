import { createRoute, z } from "@hono/zod-openapi"
import { ANSWERED_BY } from "@hooklane/core"
import { getHook, type Storage } from "@hooklane/storage"
import { requireScope } from "../auth.ts"
import { CIRCUIT_STATES } from "../circuit-breaker.ts"
import type { Circuits } from "../circuits.ts"
import { readFailurePolicy } from "../failure-policy.ts"
import { idSchema } from "../id-schema.ts"
import { createRouter } from "../router.ts"

const circuitSchema = z
  .object({
    hookId: z.string(),
    versionId: z.string().nullable().describe("The version that was called; null when none was yet"),
    onFailure: z.enum(["closed", ...ANSWERED_BY]).describe("What its caller is answered when it fails"),
    hasCircuit: z.boolean().describe("Whether it is left alone for a while after it failed too often"),
    state: z.enum(CIRCUIT_STATES),
    calls: z.int().describe("Of the window, while the circuit is closed"),
    failures: z.int(),
    slow: z.int().describe("Calls that succeeded and took too long"),
    probeAt: z.iso.datetime().nullable().describe("When the next call tries it, while the circuit is open"),
  })
  .openapi("Circuit")

const getRoute = createRoute({
  method: "get",
  path: "/v1/hooks/{id}/circuit",
  summary: "What a failing hook's callers are answered, and whether it is left alone",
  description:
    "Each gateway has a circuit of its own for every hook: this is the one of the gateway that answers.",
  request: { params: z.object({ id: idSchema }) },
  responses: {
    200: { description: "The circuit", content: { "application/json": { schema: circuitSchema } } },
  },
})

/** `/v1/hooks/{id}/circuit`: how a hook fails. */
export function circuitRoutes({ storage, circuits }: { storage: Storage; circuits: Pick<Circuits, "find"> }) {
  const app = createRouter()

  app.use("/v1/hooks/:id/circuit", requireScope("read:hooks"))

  app.openapi(getRoute, async (c) => {
    const { id, script } = await getHook(storage, c.req.valid("param").id)
    const { onFailure, hasCircuit } = readFailurePolicy(script)
    const { versionId = null, breaker } = circuits.find(id) ?? {}
    const { probeAt, ...view } = breaker?.view() ?? { state: "closed", calls: 0, failures: 0, slow: 0 }
    const at = probeAt === undefined ? null : new Date(probeAt).toISOString()
    return c.json({ hookId: id, versionId, onFailure, hasCircuit, ...view, probeAt: at }, 200)
  })

  return app
}
