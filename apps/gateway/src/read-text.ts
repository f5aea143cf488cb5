import { AppError } from "@hooklane/core"
import type { Context } from "hono"

/**
 * The request's body. It can only fail to be read when its caller goes away, or breaks the protocol, in the middle of it.
 * @throws AppError request_cut_off
 */
export async function readText(c: Context): Promise<string> {
  try {
    return await c.req.text()
  } catch (cause) {
    throw cutOff(cause)
  }
}

/** What a body becomes that did not come to its end: no failure of ours. */
export function cutOff(cause: unknown): AppError {
  return new AppError("request_cut_off", "The request ended before its body did", { cause })
}
