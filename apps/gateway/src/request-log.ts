import type { MiddlewareHandler } from "hono"
import type { Logger } from "pino"
import type { GatewayEnv } from "./router.ts"

/** W3C trace context, version 00: version, trace id, parent id, flags. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** One line per request, without query, body or token; keeps the caller's trace context for what comes behind. */
export function requestLog({ log }: { log: Logger }): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const startedAt = performance.now()
    const traceparent = c.req.header("traceparent")
    if (traceparent && TRACEPARENT.test(traceparent)) c.set("traceparent", traceparent)
    await next()
    log.info(
      {
        requestId: c.get("requestId"),
        traceId: c.get("traceparent")?.slice(3, 35),
        clientId: c.get("caller")?.clientId,
        method: c.req.method,
        path: c.req.path,
        status: c.res.status,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
      },
      "request answered",
    )
  }
}
