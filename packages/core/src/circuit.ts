import { z } from "zod"

/**
 * When a hook is left alone, and for how long. Times in milliseconds. It is as soon as of the calls of the last
 * `windowMs`, `minCalls` or more, `failureRatio` have failed or `slowRatio` took `slowMs` or longer. After `openMs`,
 * `probes` calls try whether it works again.
 */
export const circuitSettingsSchema = z.strictObject({
  windowMs: z.int().min(1_000).max(3_600_000),
  minCalls: z.int().min(1).max(1_000_000),
  failureRatio: z.number().min(0.01).max(1),
  slowMs: z.int().min(1).max(900_000),
  slowRatio: z.number().min(0.01).max(1),
  openMs: z.int().min(100).max(3_600_000),
  probes: z.int().min(1).max(100),
})

export type CircuitSettings = z.infer<typeof circuitSettingsSchema>

/** A hook that is down is noticed after some calls, and one that is back within seconds. */
export const DEFAULT_CIRCUIT: CircuitSettings = {
  windowMs: 30_000,
  minCalls: 10,
  failureRatio: 0.5,
  slowMs: 10_000,
  slowRatio: 0.8,
  openMs: 10_000,
  probes: 3,
}
