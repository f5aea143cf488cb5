import { KILL_REASONS, standingWallSchema } from "@hooklane/core"
import { z } from "zod"
import type { EgressRules, HookEgress } from "../contained/egress/egress-rules.ts"
import { BLAMES } from "../death.ts"
import type { LineEnd } from "../egress-link.ts"
import { runCallsSchema } from "../egress-protocol.ts"
import type { ProcessDeath } from "../pending-runs.ts"
import type { ExecutorSettings } from "../protocol.ts"

/**
 * What passes between a worker and its sandbox service, in the frames that executors have too. A worker has one
 * connection for orders and reports, and one for each executor: after a frame that names it, that connection is
 * the executor's own, and nothing on it passes through the service.
 */

/** Orders and most reports are small; lists of hosts, and of a run's connections, may be long. */
export const MAX_FRAME_BYTES = 1024 * 1024
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

const hookEgressSchema = z.union([
  z.literal("none"),
  z.array(hostPatternSchema).max(1_000).readonly(),
]) satisfies z.ZodType<HookEgress>

/** What a worker orders. */
export const orderSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("kill"), key }),
  /** It has booted: the memory that it takes now does not count. */
  z.strictObject({ type: z.literal("set_baseline"), key }),
  /** Whether runs are inside, so that its memory is to be watched. */
  z.strictObject({ type: z.literal("watch"), key, isBusy: z.boolean() }),
  /** It serves a hook from now on, which may want fewer connections than the rules allow. */
  z.strictObject({ type: z.literal("bind_egress"), key, hookEgress: hookEgressSchema.optional() }),
  /** Ends what a run has open. */
  z.strictObject({ type: z.literal("end_run"), key, run: z.uuid() }),
  z.strictObject({ type: z.literal("ping") }),
])
export type Order = z.infer<typeof orderSchema>

const deathSchema = z.strictObject({
  reason: z.string().max(1_000),
  cause: z.enum(KILL_REASONS),
  blame: z.enum(BLAMES).exactOptional(),
  untouched: z.array(z.uuid()).max(10_000).exactOptional(),
  rssMb: z.number(),
  limitMb: z.number(),
}) satisfies z.ZodType<ProcessDeath>

const lineEndSchema = z.discriminatedUnion("because", [
  z.strictObject({ because: z.literal("closed") }),
  z.strictObject({ because: z.literal("lost"), reason: z.string().max(1_000) }),
]) satisfies z.ZodType<LineEnd>

/** What a sandbox service reports. */
export const reportSchema = z.discriminatedUnion("type", [
  /** Its walls hold. */
  z.strictObject({
    type: z.literal("welcome"),
    worker: z.uuid(),
    maxExecutors: z.int().min(1),
    wall: standingWallSchema,
  }),
  /** It will not serve this worker, and closes the connection. */
  z.strictObject({ type: z.literal("refused"), reason: z.string() }),
  /** From here on the executor reads its connection. */
  z.strictObject({ type: z.literal("started"), key, pid: z.int().min(0) }),
  z.strictObject({ type: z.literal("gone"), key, death: deathSchema }),
  /** Its place is needed: a worker that does not use it now gives it back. */
  z.strictObject({ type: z.literal("wanted"), key }),
  /** Memory of the executors where it has changed, and their processes, which are known when they have booted. */
  z.strictObject({
    type: z.literal("memory"),
    executors: z.array(z.strictObject({ key, pid: z.int().min(0), rssMb: z.number() })),
  }),
  /** How long executors were ready to run without getting a processor, in ms since their start, where it has changed. */
  z.strictObject({
    type: z.literal("waited"),
    executors: z.array(z.strictObject({ key, waitedMs: z.number().min(0) })),
  }),
  /** What the egress broker knows of a run in it. */
  z.strictObject({ type: z.literal("calls"), key, report: runCallsSchema }),
  /** It broke the protocol of its line to the egress broker. */
  z.strictObject({ type: z.literal("line_fault"), key, fault: z.string().max(1_000) }),
  /** Nothing more is known of its connections. */
  z.strictObject({ type: z.literal("line_closed"), key, end: lineEndSchema }),
  z.strictObject({ type: z.literal("pong") }),
])
export type Report = z.infer<typeof reportSchema>

/** How an executor ends that never began, or of whose end nothing is known. */
export function withoutBlame(reason: string): ProcessDeath {
  return { reason, cause: "crash", blame: "nobody", rssMb: 0, limitMb: 0 }
}
