import type { JsonObject } from "../json.ts"
import type { HookError } from "../outcome.ts"

/** What the service that submitted an event answers its own client when the hook failed. */
export interface Refusal {
  statusCode: number
  body: JsonObject
}

/** What Auth0 told a client of an error: an exception that nobody caught kept its text to itself. */
export function refusalText({ thrown, message }: HookError): string {
  if (!thrown) return message
  return `Script generated an unhandled ${thrown === "sync" ? "synchronous" : "asynchronous"} exception.`
}
