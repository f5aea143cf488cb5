import type { Context } from "hono"
import type { z } from "zod"
import { contentTypeOf, readJson } from "./read-json.ts"
import { readText } from "./read-text.ts"
import { parseForm, typedText } from "./text-input.ts"
import { parseInput } from "./validation.ts"

const FORM_TYPE = "application/x-www-form-urlencoded"

/**
 * The request's body, sent as JSON or as a form, as the schema makes it; without a content type it is JSON.
 * @throws AppError invalid_body, unsupported_media_type
 */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (contentTypeOf(c) === FORM_TYPE)
    return parseInput("Payload", schema, typedText(schema, parseForm(await readText(c))))
  return parseInput("Payload", schema, await readJson(c))
}
