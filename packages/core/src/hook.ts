import { z } from "zod"
import { triggerIdSchema } from "./triggers/trigger.ts"

/** What GET secrets answers instead of a value, and what PATCH must not be sent by mistake. */
export const SECRET_MASK = "_VALUE_NOT_SHOWN_"

/** Auth0's own bound (Hooks documentation, "hook secrets"). */
export const MAX_SECRETS_PER_HOOK = 20

/** Ours, generous against the original, where no limit was published. Bytes of UTF-8 are at most 4 × this. */
export const MAX_SCRIPT_CHARS = 100_000
export const MAX_SECRET_VALUE_CHARS = 16_384
export const MAX_NAME_CHARS = 256
export const MAX_DEPENDENCIES = 100

/** A hook as the Management API shows it. */
export interface Hook {
  id: string
  name: string
  script: string
  dependencies: Record<string, string>
  triggerId: z.infer<typeof triggerIdSchema>
  enabled: boolean
}

/** How far a version's npm packages are; `none`: it has none. Only `none` and `built` can run. */
export const BUILD_STATUSES = ["none", "pending", "built", "failed"] as const
export const buildStatusSchema = z.enum(BUILD_STATUSES)
export type BuildStatus = z.infer<typeof buildStatusSchema>

/** What a run of a hook may use. */
export const hookLimitsSchema = z.strictObject({
  timeoutMs: z.int().min(1),
  heapMb: z.int().min(8),
  maxResultBytes: z.int().min(1),
  maxLogBytes: z.int().min(0),
})

export type HookLimits = z.infer<typeof hookLimitsSchema>

/**
 * A version of a hook as a worker gets it: immutable, complete, and without any way to ask for more.
 * Secrets are sealed with the key ring; they are opened in the worker and handed to the thread only.
 */
export const snapshotSchema = z.strictObject({
  versionId: z.string(),
  hookId: z.string(),
  hookName: z.string(),
  number: z.int().min(1),
  triggerId: triggerIdSchema,
  script: z.string(),
  dependencies: z.record(z.string(), z.string()),
  /** Name → sealed value (`KeyRing.seal` with `secretContext(hookId, name)`). */
  sealedSecrets: z.record(z.string(), z.string()),
  /** Names the bundle of its npm packages, which travels by itself; absent when it has none. */
  bundleId: z.string().optional(),
  /** Why it cannot run: its npm packages are not bundled yet, or cannot be; absent when it can. */
  unbuilt: buildStatusSchema.extract(["pending", "failed"]).optional(),
})

export type Snapshot = z.infer<typeof snapshotSchema>

/** A sentence for people that says why a version cannot run, and where to read more. */
export function describeUnbuilt({
  hookId,
  number,
  unbuilt,
}: Pick<Snapshot, "hookId" | "number" | "unbuilt">): string {
  const what = unbuilt === "pending" ? "are not built yet" : "could not be built"
  return `The npm packages of this hook ${what}; see GET /v1/hooks/${hookId}/versions/${number}`
}

/** Binds a sealed secret to its place, so that a value moved to another hook or name cannot be opened. */
export function secretContext(hookId: string, name: string): string {
  return `secret:${hookId}:${name}`
}
