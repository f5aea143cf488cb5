import { AppError, type Trigger } from "@hooklane/core"
import type { Context } from "hono"
import { z } from "zod"
import { singleValues, typedText } from "./text-input.ts"
import { parseInput } from "./validation.ts"

/** Larger ones mean nothing: they only have to keep events apart. */
const MAX_PRIORITY = 1_000

const DAY_MS = 86_400_000

/** What may be said of a synchronous event beside its body. */
export const syncEventQuery = z.strictObject({
  timeoutMs: z
    .int()
    .min(10)
    .max(900_000)
    .optional()
    .describe("Synchronous triggers: the answer is wanted within this time, in ms"),
})

/** The same for an asynchronous event. */
export const asyncEventQuery = z.strictObject({
  priority: z
    .int()
    .min(0)
    .max(MAX_PRIORITY)
    .optional()
    .describe("Asynchronous triggers: events with a larger number are run later; 0 is the default"),
  deliverAt: z.iso
    .datetime({ offset: true, error: "must be a moment in ISO 8601, such as 2030-01-31T09:00:00Z" })
    .optional()
    .describe("Asynchronous triggers: not to be run before this moment, ISO 8601"),
})

/** When and how urgently an event is to be run. */
export interface EventTiming {
  /** What its caller gives a synchronous event. */
  timeoutMs?: number | undefined
  priority?: number | undefined
  /** Epoch milliseconds. */
  deliverAt?: number | undefined
}

interface EventLimits {
  syncTimeoutMs: number
  maxDelayDays: number
  now: () => number
}

/**
 * What the request says of its event: in the query, and for a synchronous one in `Prefer: wait=10` (seconds). The
 * shorter time counts, and the service's own limit when it is shorter still. A preference that was followed is
 * confirmed; RFC 7240 wants one that makes no sense to be passed over.
 * @throws AppError invalid_query_string
 */
export function readTiming(c: Context, trigger: Trigger, limits: EventLimits): EventTiming {
  if (trigger.mode === "async") return readAsyncTiming(readQuery(c, asyncEventQuery), limits)
  const { timeoutMs = Number.POSITIVE_INFINITY } = readQuery(c, syncEventQuery)
  const preferredMs = preferredWait(c.req.header("prefer"))
  const shortest = Math.min(timeoutMs, preferredMs, limits.syncTimeoutMs)
  if (preferredMs !== Number.POSITIVE_INFINITY) {
    c.header("Preference-Applied", `wait=${Math.ceil(shortest / 1_000)}`)
  }
  return { timeoutMs: shortest }
}

function readQuery<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  // Nearly every event comes without, and then there is nothing to parse.
  const query = c.req.url.includes("?") ? typedText(schema, singleValues(c.req.queries())) : {}
  return parseInput("Query", schema, query)
}

function readAsyncTiming(
  { priority, deliverAt }: z.infer<typeof asyncEventQuery>,
  { maxDelayDays, now }: EventLimits,
): EventTiming {
  if (deliverAt === undefined) return { priority }
  const at = Date.parse(deliverAt)
  if (at <= now() + maxDelayDays * DAY_MS) return { priority, deliverAt: at }
  throw new AppError(
    "invalid_query_string",
    `Query validation error: 'Must be within ${maxDelayDays} days' on property deliverAt.`,
  )
}

/** Time in ms that a `Prefer` header asks to be waited; infinite when it asks for none. */
function preferredWait(prefer = ""): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(prefer) ?? []
  return seconds === undefined || Number(seconds) === 0 ? Number.POSITIVE_INFINITY : Number(seconds) * 1_000
}
