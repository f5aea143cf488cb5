import {
  type Hook,
  MAX_DEPENDENCIES,
  MAX_NAME_CHARS,
  MAX_PACKAGE_NAME_CHARS,
  MAX_SCRIPT_CHARS,
  MAX_SECRET_VALUE_CHARS,
  MAX_SECRETS_PER_HOOK,
  PACKAGE_NAME,
  triggerIdSchema,
  VERSION_SPEC,
} from "@hooklane/core"
import { z } from "zod"

const HOOK_FIELDS = [
  "id",
  "name",
  "script",
  "dependencies",
  "enabled",
  "triggerId",
] as const satisfies (keyof Hook)[]
const ANY_FIELD = `(${HOOK_FIELDS.join("|")})`

const name = z
  .string()
  .max(MAX_NAME_CHARS)
  .regex(/^[a-zA-Z0-9]([ \-a-zA-Z0-9]*[a-zA-Z0-9])?$/)
  .describe("Name of the hook")
const script = z.string().min(1).max(MAX_SCRIPT_CHARS).describe("Code that the hook runs")
const enabled = z.boolean().describe("Whether the hook runs at its trigger")
const packageName = z.string().max(MAX_PACKAGE_NAME_CHARS).regex(PACKAGE_NAME)
const packageVersion = z
  .string()
  .max(MAX_NAME_CHARS)
  .regex(VERSION_SPEC)
  .describe("npm package: a name of the registry, and a version, range or tag")
const dependencies = boundedProperties(z.record(packageName, packageVersion), {
  max: MAX_DEPENDENCIES,
}).describe("npm packages of the hook, name to version")
const triggerId = triggerIdSchema.describe("Trigger that the hook runs at")

export const createHookSchema = z.strictObject({
  name,
  script,
  triggerId,
  enabled: enabled.optional(),
  dependencies: dependencies.optional(),
})

export const updateHookSchema = boundedProperties(createHookSchema.omit({ triggerId: true }).partial(), {
  min: 1,
})

export const hookPathSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9-]*$/)
    .describe("Id of the hook"),
})

/** Which properties a hook is read with. */
export const hookFieldsSchema = z.strictObject({
  fields: z
    .string()
    .regex(new RegExp(`^${ANY_FIELD}(,${ANY_FIELD})*$`))
    .describe("Properties to include or to leave out, separated by commas")
    .optional(),
  include_fields: z.boolean().describe("Whether fields are to be included or left out").default(true),
})

export const hookListSchema = z.strictObject({
  page: z.int().min(0).describe("Page of the result, the first one is 0").default(0),
  per_page: z.int().min(0).max(100).describe("Hooks per page").default(100),
  include_totals: z.boolean().describe("Whether the page comes with the total count").default(false),
  enabled: enabled.optional(),
  ...hookFieldsSchema.shape,
  triggerId: triggerId.optional(),
})

export const secretsSchema = boundedProperties(
  z.record(
    z.string().min(1).max(MAX_NAME_CHARS),
    z.string().max(MAX_SECRET_VALUE_CHARS).describe("Value of the secret"),
  ),
  { min: 1, max: MAX_SECRETS_PER_HOOK },
)

export const secretNamesSchema = z.array(z.string().describe("Name of a secret")).min(1)

/** Zod bounds the size of no object, so the words of z-schema are put here. */
function boundedProperties<Schema extends z.ZodType<object>>(
  schema: Schema,
  { min = 0, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number },
): Schema {
  return schema.superRefine((value, context) => {
    // Properties that are not known are gone from the value, so their number says nothing.
    if (context.issues.length > 0) return
    const count = Object.keys(value).length
    if (count < min) context.addIssue(`Too few properties defined (${count}), minimum ${min}`)
    if (count > max) context.addIssue(`Too many properties defined (${count}), maximum ${max}`)
  })
}
