import { AppError, type Config } from "@hooklane/core"
import type { MiddlewareHandler } from "hono"
import { callerOf } from "./auth.ts"
import type { GatewayEnv } from "./router.ts"
import { createTokenBuckets } from "./token-bucket.ts"

export interface RateLimitDeps {
  config: Pick<Config, "rateLimitBurst" | "rateLimitPerSecond">
  now: () => number
}

/**
 * Bounds the requests of each client as the Management API does, and tells how many are left. Each gateway
 * counts for itself; stands behind `authenticate`.
 */
export function rateLimit({ config, now }: RateLimitDeps): MiddlewareHandler<GatewayEnv> {
  const burst = config.rateLimitBurst
  if (burst === 0) return (_, next) => next()
  const buckets = createTokenBuckets({ burst, perSecond: config.rateLimitPerSecond, now })
  return async (c, next) => {
    const { isTaken, remaining, fullAt, waitMs } = buckets.take(callerOf(c).clientId)
    c.header("X-RateLimit-Limit", String(burst))
    c.header("X-RateLimit-Remaining", String(remaining))
    c.header("X-RateLimit-Reset", String(Math.ceil(fullAt / 1000)))
    if (!isTaken) {
      const retryAfterSeconds = waitMs / 1000
      throw new AppError("too_many_requests", "Global limit has been reached", { retryAfterSeconds })
    }
    await next()
  }
}
