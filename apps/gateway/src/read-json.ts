import { AppError } from "@hooklane/core"
import type { Context } from "hono"

/**
 * The request's body as JSON; its length is bounded before, by the app.
 * @throws AppError invalid_body when it is empty or is not JSON
 */
export async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  if (text === "") throw new AppError("invalid_body", "The request has no body; a JSON object is expected")
  try {
    return JSON.parse(text)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : ""
    throw new AppError("invalid_body", `The body is not JSON: ${detail}`, { cause })
  }
}
