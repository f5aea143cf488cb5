import { z } from "zod"

/** The processes that read settings; each one is started with its own settings only. */
export type ProcessName = "launcher" | "gateway" | "worker" | "sandbox"

export interface Setting<Schema extends z.ZodType> {
  env: string
  schema: Schema
  description: string
  /** A value that would be accepted; shown when one is not. */
  example: string
  /** What the table shows where the schema has no default of its own. */
  defaultText?: string
  usedBy: readonly ProcessName[]
  /** The value is never printed. */
  isSecret?: boolean
}

/** For `usedBy`: all processes but the one that only starts executors. */
export const everyone = ["launcher", "gateway", "worker"] as const satisfies readonly ProcessName[]

/** Keeps the type of the schema. */
export function setting<Schema extends z.ZodType>(one: Setting<Schema>): Setting<Schema> {
  return one
}

export function wholeNumber(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`
  return z
    .union([z.number(), z.string().regex(/^\d+$/, rule).transform(Number)], { error: rule })
    .pipe(z.int(rule).min(min, rule).max(max, rule))
}

export function trueOrFalse() {
  const rule = "must be true or false"
  return z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
    error: rule,
  })
}

/** JSON in a variable; from code, the value itself. */
export function jsonText<Schema extends z.ZodType>(schema: Schema) {
  return z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .transform((value, context) => {
      if (typeof value !== "string") return value
      try {
        return JSON.parse(value)
      } catch {
        context.addIssue({ code: "custom", message: "must be JSON" })
        return z.NEVER
      }
    })
    .pipe(schema)
}
