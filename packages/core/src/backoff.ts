import { z } from "zod"

/** How often, and how far apart, a failed asynchronous execution is tried again. Delays in milliseconds. */
export const retryPolicySchema = z.strictObject({
  attempts: z.int().min(1).max(50),
  firstDelayMs: z.int().min(0).max(3_600_000),
  factor: z.number().min(1).max(10),
  maxDelayMs: z.int().min(0).max(86_400_000),
})

export type RetryPolicy = z.infer<typeof retryPolicySchema>

/** Five tries within some 15 s on average: long enough for a restart downstream, short enough to notice a bug. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attempts: 5,
  firstDelayMs: 1_000,
  factor: 2,
  maxDelayMs: 300_000,
}

/**
 * Delay in ms before the next try after `attemptsMade` failed ones (1 or more): full jitter, that is, any
 * moment between 0 and the exponential bound, so that events that failed together do not come back together.
 */
export function retryDelayMs(policy: RetryPolicy, attemptsMade: number, random = Math.random): number {
  const bound = Math.min(policy.maxDelayMs, policy.firstDelayMs * policy.factor ** (attemptsMade - 1))
  return Math.round(bound * random())
}
