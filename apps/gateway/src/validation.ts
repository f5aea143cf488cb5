import { AppError } from "@hooklane/core"
import type { ValidationTargets } from "hono"
import type { z } from "zod"
import { describeIssues, type Fault } from "./z-schema-wording.ts"

type Part = "Payload" | "Query" | "Path"

/** Faults that are named; whoever has more of them has the same one many times. */
const MAX_FAULTS = 50

const CODES = { Payload: "invalid_body", Query: "invalid_query_string", Path: "invalid_uri" } as const

/**
 * What the schema makes of a part of the request.
 * @throws AppError invalid_body, invalid_query_string or invalid_uri that names the first 50 faults
 */
export function parseInput<Schema extends z.ZodType>(
  part: Part,
  schema: Schema,
  input: unknown,
): z.output<Schema> {
  const ignored = ignoredNames(input)
  if (ignored.length > 0) throw invalidInput(part, ignored)
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw invalidInput(part, describeIssues(parsed.error.issues, input, schema))
}

/** zod leaves a property of this name out of a record without a word; nobody would know that it was lost. */
function ignoredNames(input: unknown): Fault[] {
  if (typeof input !== "object" || input === null) return []
  const places = [["", input] as const, ...Object.entries(input)]
  return places
    .filter(([, value]) => typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"))
    .map(([path]) => ({
      reason: "Additional properties not allowed: __proto__",
      path,
      description: undefined,
    }))
}

type ValidationResult = { target: keyof ValidationTargets; data?: unknown } & (
  | { success: true }
  | { success: false; error: z.core.$ZodError }
)

/** The hook of declared (OpenAPI) routes: the same answers for input that their schemas refuse. */
export function refuseInvalidInput(result: ValidationResult): undefined {
  if (result.success) return
  throw invalidInput(partOf(result.target), describeIssues(result.error.issues, result.data))
}

function partOf(target: keyof ValidationTargets): Part {
  if (target === "query") return "Query"
  return target === "param" ? "Path" : "Payload"
}

function invalidInput(part: Part, faults: Fault[]): AppError {
  const named = faults.slice(0, MAX_FAULTS).map((fault) => sentence(part, fault))
  const others = faults.length > MAX_FAULTS ? [`${faults.length - MAX_FAULTS} more faults.`] : []
  return new AppError(CODES[part], [...named, ...others].join(" (also) "))
}

function sentence(part: Part, { reason, path, description }: Fault): string {
  const property = path && ` on property ${path}`
  const explained = property && description ? `${property} (${description})` : property
  return `${part} validation error: '${reason}'${explained}.`
}
