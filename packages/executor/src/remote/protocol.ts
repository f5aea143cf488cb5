import { KILL_REASONS } from "@hooklane/core"
import { z } from "zod"
import type { EgressRules } from "../contained/egress-rules.ts"
import type { ProcessDeath } from "../pending-runs.ts"
import type { ExecutorSettings } from "../protocol.ts"

/**
 * What passes between a worker and its sandbox service, in the frames that executors have too. A worker has one
 * connection for orders and reports, and one for each executor: after a frame that names it, that connection is
 * the executor's own, and nothing on it passes through the service.
 */

/** Orders, reports and the frame that names an executor are small; lists of hosts may be long. */
export const MAX_FRAME_BYTES = 256 * 1024
/** A connection that has not said in this time what it is for is closed. */
export const GREETING_LIMIT_MS = 5_000

const hostPatternSchema = z.strictObject({
  host: z.string().max(255),
  port: z.int().min(1).max(65_535).exactOptional(),
})

const settingsSchema = z.strictObject({
  threads: z.int().min(1).max(64),
  heapMb: z.int().min(1).max(65_536),
  maxResultBytes: z.int().min(1).max(1e9),
  maxLogBytes: z.int().min(0).max(1e9),
  egress: z.strictObject({
    mode: z.enum(["none", "public", "allowlist"]),
    allow: z.array(hostPatternSchema).max(1_000),
    exceptions: z.array(hostPatternSchema).max(1_000),
  }) satisfies z.ZodType<EgressRules>,
}) satisfies z.ZodType<ExecutorSettings>

/** The first frame of a connection. */
export const greetingSchema = z.discriminatedUnion("type", [
  /** `code` is what `readCodeDigest` gives: both sides must run the same. */
  z.strictObject({ type: z.literal("worker"), code: z.string().max(100), settings: settingsSchema }),
  /** `worker` is what it was welcomed with, `key` one that it made for this executor. */
  z.strictObject({
    type: z.literal("executor"),
    worker: z.uuid(),
    key: z.uuid(),
    ...settingsSchema.pick({ heapMb: true }).shape,
  }),
])
export type Greeting = z.infer<typeof greetingSchema>

const key = z.uuid()

/** What a worker orders. */
export const orderSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("kill"), key }),
  /** It has booted: the memory that it takes now does not count. */
  z.strictObject({ type: z.literal("set_baseline"), key }),
  /** Whether runs are inside, so that its memory is to be watched. */
  z.strictObject({ type: z.literal("watch"), key, isBusy: z.boolean() }),
  z.strictObject({ type: z.literal("ping") }),
])
export type Order = z.infer<typeof orderSchema>

const deathSchema = z.strictObject({
  reason: z.string().max(1_000),
  cause: z.enum(KILL_REASONS),
  isBlameless: z.literal(true).exactOptional(),
  rssMb: z.number(),
  limitMb: z.number(),
}) satisfies z.ZodType<ProcessDeath>

/** What a sandbox service reports. */
export const reportSchema = z.discriminatedUnion("type", [
  /** Its walls hold. */
  z.strictObject({ type: z.literal("welcome"), worker: z.uuid(), maxExecutors: z.int().min(1) }),
  /** It will not serve this worker, and closes the connection. */
  z.strictObject({ type: z.literal("refused"), reason: z.string() }),
  /** From here on the executor reads its connection. */
  z.strictObject({ type: z.literal("started"), key, pid: z.int().min(0) }),
  z.strictObject({ type: z.literal("gone"), key, death: deathSchema }),
  /** Its place is needed: a worker that does not use it now gives it back. */
  z.strictObject({ type: z.literal("wanted"), key }),
  /** Memory of the executors where it has changed. */
  z.strictObject({
    type: z.literal("memory"),
    executors: z.array(z.strictObject({ key, rssMb: z.number() })),
  }),
  z.strictObject({ type: z.literal("pong") }),
])
export type Report = z.infer<typeof reportSchema>

/** How an executor ends that never began, or of whose end nothing is known. */
export function withoutBlame(reason: string): ProcessDeath {
  return { reason, cause: "crash", isBlameless: true, rssMb: 0, limitMb: 0 }
}
