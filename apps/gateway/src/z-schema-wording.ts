import { z } from "zod"

/** What is wrong with one place of an input: the words of z-schema, which the Management API answers with. */
export interface Fault {
  reason: string
  /** `dependencies.lodash`, `[0]`; empty for the input as a whole. */
  path: string
  /** What the schema says of that place. */
  description: string | undefined
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Issues of zod as faults; as in z-schema, those of the whole input keep its properties from being judged. */
export function describeIssues(issues: readonly Issue[], input: unknown, schema?: z.ZodType): Fault[] {
  const faults = issues.flatMap((issue) => faultsOf(issue, input, schema))
  const ofWhole = faults.filter(({ path }) => path === "")
  return ofWhole.length > 0 ? ofWhole : faults
}

/** The schema at a path below `schema`, without the wrappers that only say that it may be absent. */
export function schemaAt(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => unwrap(childOf(at, key)), unwrap(schema))
}

function faultsOf(issue: Issue, input: unknown, schema: z.ZodType | undefined): Fault[] {
  const { path } = issue
  const value = valueAt(input, path)
  // JSON has no undefined: what is, was not sent.
  if (value === undefined && path.length > 0) {
    return [faultAt(path.slice(0, -1), `Missing required property: ${String(path.at(-1))}`, schema)]
  }
  if (issue.code === "invalid_key") {
    return issue.issues.map((inner) => faultAt(path, reasonOf(inner, path.at(-1), undefined), schema))
  }
  return [faultAt(path, reasonOf(issue, value, schemaAt(schema, path)), schema)]
}

function reasonOf(issue: Issue, value: unknown, schema: z.ZodType | undefined): string {
  switch (issue.code) {
    case "invalid_type":
      return wrongType(expectedType(issue, schema), value)
    case "unrecognized_keys":
      return `Additional properties not allowed: ${issue.keys.join(",")}`
    case "invalid_value":
      return typeof value === "string" ? `No enum match for: ${value}` : wrongType("string", value)
    case "invalid_format":
      return issue.pattern === undefined
        ? `Object didn't pass validation for format ${issue.format}: ${value}`
        : `String does not match pattern ${patternSource(issue.pattern)}: ${value}`
    case "too_small":
      return tooSmall(issue, value)
    case "too_big":
      return tooBig(issue, value)
    default:
      return issue.message
  }
}

function tooSmall({ origin, minimum }: z.core.$ZodIssueTooSmall, value: unknown): string {
  if (origin === "string") return `String is too short (${lengthOf(value)} chars), minimum ${minimum}`
  if (origin === "array") return `Array is too short (${lengthOf(value)}), minimum ${minimum}`
  return `Value ${value} is less than minimum ${minimum}`
}

function tooBig({ origin, maximum }: z.core.$ZodIssueTooBig, value: unknown): string {
  if (origin === "string") return `String is too long (${lengthOf(value)} chars), maximum ${maximum}`
  if (origin === "array") return `Array is too long (${lengthOf(value)}), maximum ${maximum}`
  return `Value ${value} is greater than maximum ${maximum}`
}

function wrongType(expected: string, value: unknown): string {
  return `Expected type ${expected} but found type ${typeOf(value)}`
}

/** JSON Schema's name for what zod expected; zod says "number" of text that should be a whole number. */
function expectedType({ expected }: z.core.$ZodIssueInvalidType, schema: z.ZodType | undefined): string {
  if (expected === "record") return "object"
  return expected === "int" || schema instanceof z.ZodNumberFormat ? "integer" : expected
}

function typeOf(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  return Number.isInteger(value) ? "integer" : typeof value
}

function faultAt(path: Path, reason: string, schema: z.ZodType | undefined): Fault {
  return { reason, path: pathText(path), description: schemaAt(schema, path)?.description }
}

function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`
    return text === "" ? String(key) : `${text}.${String(key)}`
  }, "")
}

/** `/^a$/i` without its slashes and flags. */
function patternSource(pattern: string): string {
  return pattern.slice(1, pattern.lastIndexOf("/"))
}

function lengthOf(value: unknown): number {
  return typeof value === "string" || Array.isArray(value) ? value.length : 0
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    input,
  )
}

function childOf(schema: z.ZodType | undefined, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)]
  if (schema instanceof z.ZodRecord) return asSchema(schema.valueType)
  if (schema instanceof z.ZodArray) return asSchema(schema.element)
  return undefined
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
  return isWrapper ? unwrap(asSchema(schema.unwrap())) : schema
}

/** Zod types the parts of a schema by its core only; every schema made with `z` is a `z.ZodType`. */
function asSchema(schema: unknown): z.ZodType | undefined {
  return schema instanceof z.ZodType ? schema : undefined
}
