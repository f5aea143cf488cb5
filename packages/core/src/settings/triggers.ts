import { z } from "zod"
import { retryPolicySchema } from "../backoff.ts"
import { circuitSettingsSchema } from "../circuit.ts"
import { triggerIdSchema } from "../triggers/trigger.ts"
import { jsonText, setting } from "./setting.ts"

/** What all workers together may do in one lane; what is left out is not bounded. */
const laneLimitsSchema = z.strictObject({
  concurrency: z.int().min(1).max(100_000).optional(),
  perSecond: z.int().min(1).max(100_000).optional(),
})
export type LaneLimits = z.infer<typeof laneLimitsSchema>

/** What is said of triggers one by one. */
export const TRIGGER_SETTINGS = {
  chains: setting({
    env: "HOOKLANE_CHAINS",
    schema: triggerList().default([]),
    description:
      "Triggers, separated by commas, of which several hooks may be enabled: they run one after the other, in the order that `// hooklane: order=N` gives.",
    example: "credentials-exchange,pre-user-registration",
    defaultText: "none: enabling a hook disables the trigger's other one",
    usedBy: ["gateway"],
  }),
  retries: setting({
    env: "HOOKLANE_RETRIES",
    schema: jsonText(z.partialRecord(triggerIdSchema, retryPolicySchema.partial())).default({}),
    description:
      "Retry policy per asynchronous trigger, as JSON; what is left out keeps its default (5 attempts, 1 s, × 2, at most 5 min, full jitter).",
    example: '{"post-user-registration":{"attempts":8,"firstDelayMs":500}}',
    defaultText: "{}",
    usedBy: ["gateway", "worker"],
  }),
  laneLimits: setting({
    env: "HOOKLANE_LANE_LIMITS",
    schema: jsonText(z.partialRecord(triggerIdSchema, laneLimitsSchema)).default({}),
    description:
      "What all workers together may do per trigger, as JSON: jobs at once (concurrency) and jobs begun in a second (perSecond).",
    example: '{"post-user-registration":{"concurrency":10,"perSecond":50}}',
    defaultText: "{}",
    usedBy: ["gateway"],
  }),
  breaker: setting({
    env: "HOOKLANE_BREAKER",
    schema: jsonText(z.partialRecord(triggerIdSchema, circuitSettingsSchema.partial())).default({}),
    description:
      "When a failing hook with a fallback is left alone, per synchronous trigger, as JSON; what is left out keeps its default (half of 10 or more calls in 30 s fail, or 80 % take 10 s; for 10 s, then 3 probes).",
    example: '{"credentials-exchange":{"failureRatio":0.3,"slowMs":2000}}',
    defaultText: "{}",
    usedBy: ["gateway"],
  }),
} as const

function triggerList() {
  return z
    .union([z.array(triggerIdSchema), z.string().transform((text) => text.split(",").map((id) => id.trim()))])
    .pipe(z.array(triggerIdSchema))
}
