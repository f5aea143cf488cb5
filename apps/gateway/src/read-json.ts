import { AppError } from "@hooklane/core"
import type { Context } from "hono"
import { readText } from "./read-text.ts"

const JSON_TYPE = /^application\/([a-z.-]+\+)?json$/

/**
 * The request's body as JSON, which it is without a content type; its length is bounded before, by the app.
 * @throws AppError request_cut_off, unsupported_media_type; invalid_body when it is empty or is not JSON
 */
export async function readJson(c: Context): Promise<unknown> {
  const type = contentTypeOf(c)
  if (type && !JSON_TYPE.test(type)) throw new AppError("unsupported_media_type", "Unsupported Media Type")
  const text = await readText(c)
  if (text === "") throw new AppError("invalid_body", "The request has no body; a JSON object is expected")
  try {
    return JSON.parse(text)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : ""
    throw new AppError("invalid_body", `The body is not JSON: ${detail}`, { cause })
  }
}

/** The media type of the request's body, without parameters and in lower case. */
export function contentTypeOf(c: Context): string | undefined {
  return c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase()
}
