import type { MiddlewareHandler } from "hono"

/** What every answer of Auth0's Management API carries, the empty 204 included. */
const HEADERS = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-cache",
  vary: "origin,accept-encoding",
  "x-content-type-options": "nosniff",
}

export const managementHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value)
}
