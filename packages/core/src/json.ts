import { z } from "zod"

export type Json = z.core.util.JSONType
export type JsonObject = { [key: string]: Json }

/**
 * Any JSON value. It is not walked: it is used where the value came out of `JSON.parse`, which makes nothing
 * else, and walking each event, reply and result again is time on the path of every answer.
 */
export const jsonSchema = z
  .custom<Json>((value) => value !== undefined)
  .meta({ type: ["object", "array", "string", "number", "boolean", "null"] })

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A JSON object of any content; `message` is what a caller reads when it is something else. */
export function jsonObjectSchema(message = "must be an object") {
  return z.custom<JsonObject>(isJsonObject, { error: message })
}
