import { type Kill, killSchema, logLineSchema, type Trigger } from "@hooklane/core"
import { z } from "zod"
import { MAX_CUT, MAX_CUT_CHARS } from "./contained/cut-text.ts"
import type { EgressRules } from "./contained/egress/egress-rules.ts"
import { MAX_STORAGE_BYTES, type StorageAnswer, type StorageOrder } from "./contained/storage-protocol.ts"
import { BLAMES } from "./death.ts"
import type { HookDirectives } from "./hook-directives.ts"

/**
 * What passes between a worker and an executor. The executor imports the types only: what it sends is checked
 * here, in the worker, because nothing that comes out of a process with user code can be trusted.
 */

/** How a run ended; `json` was made in the hook's thread and is text until the worker parses it. */
export const endingSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("returned"), json: z.string().optional() }),
  z.strictObject({
    status: z.enum(["rejected", "threw", "not_compiled", "invalid_result"]),
    json: z.string(),
  }),
  z.strictObject({ status: z.literal("crashed"), reason: z.string().max(1000) }),
  z.strictObject({ status: z.enum(["timed_out", "out_of_memory", "cancelled"]) }),
])
export type Ending = z.infer<typeof endingSchema>

/** What a run did after its answer. */
const afterAnswerSchema = z.strictObject({
  ms: z.number().min(0),
  cut: z.array(z.string().max(MAX_CUT_CHARS + 1)).max(MAX_CUT),
  ending: endingSchema.exactOptional(),
})

/** The answer of a run that goes on. Its end tells all of it again. */
const answeredSchema = z.strictObject({
  type: z.literal("answered"),
  id: z.uuid(),
  ending: endingSchema,
  logs: z.array(logLineSchema),
  logsTruncated: z.boolean(),
  runMs: z.number().min(0),
})
export type Answered = z.infer<typeof answeredSchema>

export const answerSchema = z.strictObject({
  type: z.literal("answer"),
  /** Random and known to the executor's main thread only: a forged answer cannot name a run. */
  id: z.uuid(),
  ending: endingSchema,
  logs: z.array(logLineSchema),
  logsTruncated: z.boolean(),
  runMs: z.number().min(0),
  /** It has connected: its calls are to come from the egress broker, which knows them. */
  hasCalls: z.boolean(),
  kill: killSchema.omit({ lastOutput: true }).optional(),
  after: afterAnswerSchema.exactOptional(),
})
/** Why a process ended, in a word. */
export type DeathCause = Kill["reason"]

export type Answer = z.infer<typeof answerSchema>

const storageOrderSchema = z.strictObject({
  type: z.literal("storage_order"),
  /** Of the run. */
  id: z.uuid(),
  call: z.int().min(0),
  order: z.discriminatedUnion("op", [
    z.strictObject({ op: z.literal("get") }),
    z.strictObject({
      op: z.literal("set"),
      json: z.string().max(MAX_STORAGE_BYTES).optional(),
      isForced: z.boolean(),
    }),
  ]) satisfies z.ZodType<StorageOrder>,
})
export type StorageOrderFrame = z.infer<typeof storageOrderSchema>

export const fromExecutorSchema = z.discriminatedUnion("type", [
  /** The pool is up: the executor can be bound to a hook version. */
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("pong") }),
  z.strictObject({ type: z.literal("proof"), down: z.array(z.string()) }),
  /** The last frame of an executor that ends itself. */
  z.strictObject({
    type: z.literal("farewell"),
    reason: z.string().max(1000),
    cause: killSchema.shape.reason,
    blame: z.enum(BLAMES).exactOptional(),
    untouched: z.array(z.uuid()).max(10_000).exactOptional(),
  }),
  /** The newest output of a run that takes its time: kept in case that its process dies with the rest. */
  z.strictObject({ type: z.literal("output"), id: z.uuid(), lines: z.array(logLineSchema).max(5) }),
  answerSchema,
  answeredSchema,
  storageOrderSchema,
  /** A thread has taken a run that had to wait for one. */
  z.strictObject({ type: z.literal("begun"), id: z.uuid() }),
])
export type FromExecutor = z.infer<typeof fromExecutorSchema>

/** What a hook needs of its trigger to be compiled and called. */
export type CallSignature = Pick<Trigger, "parameters" | "errorClasses" | "emptyResult" | "contextArgument">

/** One version of a hook as its threads get it. */
export interface HookCode {
  script: string
  /** The hook's npm packages as one script, when it has any. */
  bundle?: string
  signature: CallSignature
  directives: HookDirectives
  /** How far it stands back behind other processes, as `nice` counts; 0 by default. */
  niceness?: number
  /** Certificates in PEM that its connections trust besides Node's own. */
  authorities?: readonly string[]
  /** The script was an ES module, which is strict by itself. */
  isStrict?: true
  /** Why the script cannot be compiled, when that is known already. */
  fault?: { message: string; stack: string }
}

/** One call of the hook. */
export interface RunRequest {
  id: string
  timeoutMs: number
  /** How long it may go on after its answer; without it, until `timeoutMs` is over. */
  afterAnswerMs?: number
  /** The event as JSON text. */
  event: string
  /** The members of `context.webtask` that differ from run to run, as JSON text. */
  webtask: string
}

export type ToExecutor =
  | { type: "bind"; hook: HookCode }
  | ({ type: "run" } & RunRequest)
  | { type: "cancel"; id: string }
  | { type: "storage_answer"; id: string; call: number; answer: StorageAnswer }
  /** Asks for what this process can do and should not; `port` is one that nobody may connect to. */
  | { type: "prove"; port: number }
  | { type: "ping" }

/** What an executor is started with; it holds for its whole life. */
export interface ExecutorSettings {
  threads: number
  heapMb: number
  maxResultBytes: number
  maxLogBytes: number
  egress: EgressRules
}

/** What of it its process knows. */
export type ProcessSettings = Omit<ExecutorSettings, "egress">

/** In what the executors of one worker differ. */
export type ExecutorKind = Pick<ExecutorSettings, "heapMb">
