import type { z } from "zod"
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "./backoff.ts"
import { type CircuitSettings, DEFAULT_CIRCUIT } from "./circuit.ts"
import { AppError } from "./errors.ts"
import { BOUNDS_SETTINGS } from "./settings/bounds.ts"
import { BUILD_SETTINGS } from "./settings/builds.ts"
import { KEPT_SETTINGS } from "./settings/kept.ts"
import { MANAGEMENT_SETTINGS } from "./settings/management.ts"
import { RUNS_SETTINGS } from "./settings/runs.ts"
import { SERVICE_SETTINGS } from "./settings/service.ts"
import type { Setting } from "./settings/setting.ts"
import { STOPPING_SETTINGS } from "./settings/stopping.ts"
import { TRIGGER_SETTINGS } from "./settings/triggers.ts"
import type { TriggerId } from "./triggers/trigger.ts"

/** Every setting of the service, once: environment variable, rule, default, unit and sentence. */
export const SETTINGS = {
  ...SERVICE_SETTINGS,
  ...RUNS_SETTINGS,
  ...BOUNDS_SETTINGS,
  ...TRIGGER_SETTINGS,
  ...KEPT_SETTINGS,
  ...MANAGEMENT_SETTINGS,
  ...BUILD_SETTINGS,
  ...STOPPING_SETTINGS,
} as const

export type Config = { [Key in keyof typeof SETTINGS]: z.infer<(typeof SETTINGS)[Key]["schema"]> }

/**
 * The settings in `env`; an empty variable counts as absent.
 * @throws AppError invalid_setting that names the setting, what is wrong with it and a right example
 */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const entries = Object.entries(SETTINGS).map(([key, one]) => [
    key,
    parseSetting(one, env[one.env] || undefined),
  ])
  // Each entry was parsed by the schema that `Config` is inferred from.
  return Object.fromEntries(entries) as Config
}

/** The retry policy of a trigger: the defaults with what `retries` changes. */
export function retryPolicyFor(config: Pick<Config, "retries">, triggerId: TriggerId): RetryPolicy {
  return { ...DEFAULT_RETRY_POLICY, ...config.retries[triggerId] }
}

/** When a hook of this trigger is left alone: the defaults with what `breaker` changes. */
export function circuitSettingsFor(config: Pick<Config, "breaker">, triggerId: TriggerId): CircuitSettings {
  return { ...DEFAULT_CIRCUIT, ...config.breaker[triggerId] }
}

function parseSetting(one: Setting<z.ZodType>, value: string | undefined): unknown {
  const parsed = one.schema.safeParse(value)
  if (parsed.success) return parsed.data
  const shown = one.isSecret || value === undefined ? "" : ` (it is "${value}")`
  const problem = parsed.error.issues.map((issue) => issue.message).join("; ")
  throw new AppError(
    "invalid_setting",
    `${one.env} is not valid${shown}: ${problem}. A right value: ${one.example}`,
  )
}
