import { z } from "zod"
import { AppError } from "../errors.ts"
import type { Json, JsonObject } from "../json.ts"
import type { HookError } from "../outcome.ts"
import type { Refusal } from "./refusal.ts"

export const TRIGGER_IDS = [
  "credentials-exchange",
  "pre-user-registration",
  "post-user-registration",
  "post-change-password",
  "send-phone-message",
] as const

export const triggerIdSchema = z.enum(TRIGGER_IDS)
export type TriggerId = z.infer<typeof triggerIdSchema>

/** An event after its check: one property per argument of the hook, by name, plus what was not declared. */
export type TriggerEvent = JsonObject & { context: JsonObject }

/** A class that hooks of a trigger find in scope and may call back with. */
export interface HookErrorClass {
  name: string
  /** Whether its constructor takes a second text, meant for the end user. */
  hasFriendlyMessage: boolean
}

/** How the hooks of a synchronous trigger follow one another when several are enabled. */
export interface Chain {
  /** The event as the next hook sees it: with what was applied of the result before. */
  nextEvent(event: TriggerEvent, applied: Json | undefined): TriggerEvent
  /** Two hooks' results as the caller applies them; the later one wins where they differ. */
  combine(earlier: Json | undefined, later: Json | undefined): Json | undefined
}

/** Everything that sets one trigger apart from the others. */
export interface Trigger {
  id: TriggerId
  title: string
  description: string
  /** `sync`: the caller awaits the answer. `async`: accepted means stored, the run comes later. */
  mode: "sync" | "async"
  /** Names of the arguments in the order of the call; each is a property of the event. The callback comes last. */
  parameters: readonly string[]
  /** Checks an event; its messages are the contract's own. */
  eventSchema: z.ZodType<TriggerEvent>
  errorClasses: readonly HookErrorClass[]
  /**
   * Whether `context` is a copy of the event's context or the very object that `context.webtask.body` holds.
   * Then it contains itself, so a hook that calls back with it fails (contract 2.0).
   */
  contextArgument: "copy" | "original"
  /** What `callback()` without a value means to the caller. */
  emptyResult: "nothing" | "empty_object"
  /** What of the hook's result a caller may apply; the rest is dropped. */
  applyResult(result: Json | undefined): Json | undefined
  /** Absent where hooks do not depend on one another: of an asynchronous trigger each runs by itself. */
  chain?: Chain
  /** What Auth0 answered in place of the caller when the hook failed; absent where no such answer is known. */
  refusal?(error: HookError): Refusal
  sampleEvent: TriggerEvent
  /** A hook to start from: stored as it is, it runs and changes nothing. */
  template: string
  /** TypeScript declarations for the editor. */
  editorTypes: string
}

/** What every hook finds at `context.webtask`, for the editor. */
export const WEBTASK_TYPES = `interface Webtask {
  secrets: Record<string, string>
  storage: {
    get(cb: (error: Error | null, data?: any) => void): void
    set(data: unknown, cb?: (error: Error | null) => void): void
    set(data: unknown, options: { force?: 0 | 1 | boolean }, cb?: (error: Error | null) => void): void
  }
  executionId: string
  attempt: number
}
`

/**
 * The event in `body`, checked.
 * @throws AppError invalid_body with the contract's message for the first fault found
 */
export function parseEvent(trigger: Trigger, body: unknown): TriggerEvent {
  const parsed = trigger.eventSchema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === "unrecognized_keys") {
    throw new AppError(
      "invalid_body",
      `Payload validation error: 'Additional properties not allowed: ${issue.keys.join(",")}'.`,
    )
  }
  throw new AppError("invalid_body", issue?.message ?? "The event is not valid")
}

/**
 * The body of an event: the named arguments and nothing else, so that a misspelt one is noticed. The original
 * passed others over.
 */
export function eventBody<Shape extends z.ZodRawShape>(shape: Shape) {
  const body = z.strictObject(shape, {
    error: (issue) =>
      issue.code === "invalid_type" ? "Body received by extensibility point is not an object" : undefined,
  })
  return orArray(body)
}

/**
 * What `typeof` calls an object, an array included: the original asked for no more. A schema for an argument
 * that hooks get as it came; `message` is what a caller reads when it is something else.
 */
export function argumentObject(message: string) {
  return z.custom<JsonObject>((value) => typeof value === "object" && value !== null, { error: message })
}

/** The same for an object whose fields are checked: an array has none of them, and the first one is missed. */
export function orArray<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (Array.isArray(value) ? {} : value), schema)
}
