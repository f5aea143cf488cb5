import { MAX_OUTBOUND_CALLS, outboundCallSchema } from "@hooklane/core"
import { z } from "zod"
import type { EgressRules, HookEgress } from "./contained/egress/egress-rules.ts"

/**
 * What passes between an egress broker and the process that started it. The broker imports the types only: it is
 * trusted to connect, and what it reports is checked here all the same, since it reads what hooks send.
 */

const key = z.uuid()

/** The connections of a run so far, the refused ones too. */
export const runCallsSchema = z.strictObject({
  /** As its executor names it: 16 bytes of any kind. */
  run: z.guid(),
  calls: z.array(outboundCallSchema).max(MAX_OUTBOUND_CALLS),
  /** Which of them, by their place in the list, are under way. */
  open: z.array(z.int().min(0)).max(MAX_OUTBOUND_CALLS),
  /** The run is over for the broker. */
  isFinal: z.boolean(),
})
export type RunCallsReport = z.infer<typeof runCallsSchema>

export const egressReportSchema = z.discriminatedUnion("type", [
  /** `held` is what it can do and should not. */
  z.strictObject({ type: z.literal("ready"), held: z.array(z.string().max(100)).max(20) }),
  z.strictObject({ type: z.literal("pong") }),
  /** It has the line, and can be handed another one. */
  z.strictObject({ type: z.literal("taken"), key }),
  z.strictObject({ type: z.literal("calls"), key, ...runCallsSchema.shape }),
  /** What its executor did wrong: the line is ended. */
  z.strictObject({ type: z.literal("fault"), key, fault: z.string().max(1_000) }),
  /** Nothing more comes of the line. */
  z.strictObject({ type: z.literal("closed"), key }),
])
export type EgressReport = z.infer<typeof egressReportSchema>

export type EgressOrder =
  /** Comes with the broker's end of the line. */
  | { type: "line"; key: string; rules: EgressRules; maxRuns: number }
  | { type: "bind"; key: string; hookEgress?: HookEgress | undefined }
  | { type: "end_run"; key: string; run: string }
  | { type: "ping" }
