import { z } from "zod"
import { schemaAt } from "./z-schema-wording.ts"

const NUMBER = /^-?\d+(\.\d+)?$/

/**
 * Query strings and forms hold text only. Gives numbers and booleans where the schema wants them; text that is
 * neither stays text, so that the schema refuses it by name.
 */
export function typedText(schema: z.ZodType, input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, typedValue(schemaAt(schema, [key]), value)]),
  )
}

/** A parameter that came once is its value, one that came several times is an array. */
export function singleValues(queries: Record<string, string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  )
}

/** A form as an object; `dependencies[lodash]=4.17.21` is how one holds an object. The last of a name counts. */
export function parseForm(text: string): Record<string, unknown> {
  const body = new Map<string, string | Map<string, string>>()
  for (const [name, value] of new URLSearchParams(text)) {
    const [, outer, inner] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? []
    if (outer === undefined || inner === undefined) body.set(name, value)
    else setProperty(body, outer, [inner, value])
  }
  const entries = [...body].map(([name, value]) => [
    name,
    typeof value === "string" ? value : Object.fromEntries(value),
  ])
  return Object.fromEntries(entries)
}

function typedValue(schema: z.ZodType | undefined, value: unknown): unknown {
  if (typeof value !== "string") return value
  if (schema instanceof z.ZodNumber && NUMBER.test(value)) return Number(value)
  if (schema instanceof z.ZodBoolean && (value === "true" || value === "false")) return value === "true"
  return value
}

/** Sets it where it is: a copy for each property makes a form of many cost the square of its length. */
function setProperty(
  body: Map<string, string | Map<string, string>>,
  outer: string,
  [inner, value]: [string, string],
): void {
  const known = body.get(outer)
  if (known instanceof Map) known.set(inner, value)
  else body.set(outer, new Map([[inner, value]]))
}
