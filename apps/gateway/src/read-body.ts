import { AppError } from "@hooklane/core"
import type { Context } from "hono"
import type { z } from "zod"
import { readJson } from "./read-json.ts"
import { parseForm, typedText } from "./text-input.ts"
import { parseInput } from "./validation.ts"

const JSON_TYPE = /^application\/([a-z.-]+\+)?json$/
const FORM_TYPE = "application/x-www-form-urlencoded"

/**
 * The request's body, sent as JSON or as a form, as the schema makes it; without a content type it is JSON.
 * @throws AppError invalid_body, unsupported_media_type
 */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase()
  if (type === FORM_TYPE)
    return parseInput("Payload", schema, typedText(schema, parseForm(await c.req.text())))
  if (type && !JSON_TYPE.test(type)) throw new AppError("unsupported_media_type", "Unsupported Media Type")
  return parseInput("Payload", schema, await readJson(c))
}
