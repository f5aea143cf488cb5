import { OpenAPIHono } from "@hono/zod-openapi"
import { refuseInvalidInput } from "./validation.ts"

/** Who makes a request, by its access token. */
export interface Caller {
  clientId: string
  scopes: ReadonlySet<string>
}

/** What middleware leaves for the routes behind it. */
export interface GatewayEnv {
  /** What the HTTP server hands over; absent where a request did not come over a connection. */
  Bindings: { incoming?: { socket: { remoteAddress?: string | undefined } } }
  Variables: {
    requestId: string
    /** W3C trace context of the caller, when it sent a well-formed one. */
    traceparent?: string
    /** Present behind `authenticate`. */
    caller?: Caller
  }
}

/** An app whose declared routes refuse input that does not fit, in the words of the Management API. */
export function createRouter() {
  return new OpenAPIHono<GatewayEnv>({ defaultHook: refuseInvalidInput })
}
