import { AppError } from "@hooklane/core"
import type { MiddlewareHandler } from "hono"
import { bodyLimit } from "hono/body-limit"
import { cutOff } from "./read-text.ts"

/** Refuses bodies beyond `maxBytes`, also those that do not say their length. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const refuse = (): never => {
    throw new AppError(
      "payload_too_large",
      `Payload content length greater than maximum allowed: ${maxBytes}`,
    )
  }
  const limitStream = bodyLimit({ maxSize: maxBytes, onError: refuse })

  /** The body is read before the request goes on; only that can be cut off here. */
  const limitUnmeasured: MiddlewareHandler = async (c, next) => {
    let isRead = false
    try {
      return await limitStream(c, () => {
        isRead = true
        return next()
      })
    } catch (error) {
      throw isRead || error instanceof AppError ? error : cutOff(error)
    }
  }

  return async (c, next) => {
    const length = c.req.header("content-length")
    // A declared length is kept by the HTTP parser; only other bodies need to be read to be measured.
    if (length === undefined || c.req.header("transfer-encoding") !== undefined)
      return limitUnmeasured(c, next)
    if (Number(length) > maxBytes) refuse()
    await next()
  }
}
