import { z } from "zod"
import { DEFAULT_RETRY_POLICY, type RetryPolicy, retryPolicySchema } from "./backoff.ts"
import { type CircuitSettings, circuitSettingsSchema, DEFAULT_CIRCUIT } from "./circuit.ts"
import { AppError } from "./errors.ts"
import { type HostPattern, parseHostPatterns } from "./host-patterns.ts"
import { parseRedisUrl } from "./redis-url.ts"
import { type TriggerId, triggerIdSchema } from "./triggers/trigger.ts"

/** The processes that read settings; each one is started with its own settings only. */
export type ProcessName = "launcher" | "gateway" | "worker" | "sandbox"

/** What all workers together may do in one lane; what is left out is not bounded. */
const laneLimitsSchema = z.strictObject({
  concurrency: z.int().min(1).max(100_000).optional(),
  perSecond: z.int().min(1).max(100_000).optional(),
})
export type LaneLimits = z.infer<typeof laneLimitsSchema>

interface Setting<Schema extends z.ZodType> {
  env: string
  schema: Schema
  description: string
  /** A value that would be accepted; shown when one is not. */
  example: string
  /** What the table shows where the schema has no default of its own. */
  defaultText?: string
  usedBy: readonly ProcessName[]
  /** The value is never printed. */
  isSecret?: boolean
}

const everyone = ["launcher", "gateway", "worker"] as const
const gateway = ["gateway"] as const
const worker = ["worker"] as const
const executorStarters = ["worker", "sandbox"] as const

/** Every setting of the service, once: environment variable, rule, default, unit and sentence. */
export const SETTINGS = {
  host: setting({
    env: "HOST",
    schema: z.string().min(1).default("127.0.0.1"),
    description: "Address the gateway listens on.",
    example: "0.0.0.0",
    usedBy: ["launcher", "gateway"],
  }),
  port: setting({
    env: "PORT",
    schema: wholeNumber(0, 65_535).default(3000),
    description: "Port the gateway listens on; 0 takes a free one.",
    example: "3000",
    usedBy: ["launcher", "gateway"],
  }),
  publicUrl: setting({
    env: "HOOKLANE_PUBLIC_URL",
    schema: z.url({ protocol: /^https?$/ }).optional(),
    description: "Address under which callers reach the gateway, when it differs from HOST and PORT.",
    example: "https://hooks.example.com",
    defaultText: "from HOST and PORT",
    usedBy: ["launcher", "gateway"],
  }),
  dataDir: setting({
    env: "HOOKLANE_DATA_DIR",
    schema: z.string().min(1).default("./data"),
    description: "Folder of the database, the private Redis, the keys and the first credentials.",
    example: "/var/lib/hooklane",
    usedBy: everyone,
  }),
  redisUrl: setting({
    env: "REDIS_URL",
    schema: redisUrl().optional(),
    description:
      "Redis shared by gateways and workers: a server, or redis+sentinel://host,host/name, or redis+cluster://host,host. Without it, `npm start` brings a private one.",
    example: "redis://:password@localhost:6379/0",
    defaultText: "private Redis",
    usedBy: everyone,
    isSecret: true,
  }),
  redisPrefix: setting({
    env: "HOOKLANE_REDIS_PREFIX",
    schema: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/, "may hold letters, digits, _ and - only")
      .default("hooklane"),
    description: "First part of every Redis key, so that several deployments can share one Redis.",
    example: "hooklane-staging",
    usedBy: everyone,
  }),
  databaseUrl: setting({
    env: "DATABASE_URL",
    schema: z
      .url({
        protocol: /^(file|postgres|postgresql)$/,
        error: "must be a file: address of a SQLite database or a postgres:// address of a PostgreSQL one",
      })
      .optional(),
    description: "Database of the gateway: a SQLite file, or a PostgreSQL that many gateways share.",
    example: "postgres://hooklane:password@db.example.com/hooklane",
    defaultText: "hooklane.db in HOOKLANE_DATA_DIR",
    usedBy: gateway,
    isSecret: true,
  }),
  masterKey: setting({
    env: "HOOKLANE_MASTER_KEY",
    schema: z
      .string()
      .refine(
        (keys) => keys.split(",").every(isMasterKey),
        "must be 32 bytes in base64 (several: separated by commas, the newest first)",
      )
      .optional(),
    description:
      "Encrypts secrets, events and answers at rest. Keep a copy: what it sealed cannot be read without it.",
    example: "output of: openssl rand -base64 32",
    defaultText: "master.key in HOOKLANE_DATA_DIR, made on the first start",
    usedBy: everyone,
    isSecret: true,
  }),
  clientId: setting({
    env: "HOOKLANE_CLIENT_ID",
    schema: z
      .string()
      .regex(/^[A-Za-z0-9_-]{8,64}$/, "must be 8 to 64 letters, digits, _ or -")
      .optional(),
    description: "Id of the first management client.",
    example: "hooklane-admin",
    defaultText: "made on the first start, in credentials.json",
    usedBy: gateway,
  }),
  clientSecret: setting({
    env: "HOOKLANE_CLIENT_SECRET",
    schema: z.string().min(24, "must have 24 characters or more").max(256).optional(),
    description: "Secret of the first management client.",
    example: "output of: openssl rand -base64 36",
    defaultText: "made on the first start, in credentials.json",
    usedBy: gateway,
    isSecret: true,
  }),
  workers: setting({
    env: "HOOKLANE_WORKERS",
    schema: wholeNumber(0, 64).default(1),
    description: "Worker processes that `npm start` runs; 0 when workers run elsewhere.",
    example: "2",
    usedBy: ["launcher"],
  }),
  logLevel: setting({
    env: "HOOKLANE_LOG_LEVEL",
    schema: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
    description: "How much gateway and workers log.",
    example: "debug",
    usedBy: [...everyone, "sandbox"],
  }),
  hookTimeoutMs: setting({
    env: "HOOKLANE_HOOK_TIMEOUT_MS",
    schema: wholeNumber(10, 900_000).default(20_000),
    description: "Wall-clock time one run of a hook may take, in ms. The default is Auth0's.",
    example: "20000",
    usedBy: ["gateway", "worker"],
  }),
  syncTimeoutMs: setting({
    env: "HOOKLANE_SYNC_TIMEOUT_MS",
    schema: wholeNumber(10, 900_000).default(20_000),
    description:
      "Time a caller of a synchronous trigger waits for the answer at most, queueing included, in ms.",
    example: "10000",
    usedBy: gateway,
  }),
  hookHeapMb: setting({
    env: "HOOKLANE_HOOK_HEAP_MB",
    schema: wholeNumber(16, 4096).default(64),
    description: "JavaScript heap one run of a hook may use, in MB.",
    example: "128",
    usedBy: worker,
  }),
  threads: setting({
    env: "HOOKLANE_THREADS",
    schema: wholeNumber(1, 64).default(2),
    description: "Threads that run hooks, per executor process.",
    example: "4",
    usedBy: worker,
  }),
  executorUrl: setting({
    env: "EXECUTOR_URL",
    schema: z.url({ protocol: /^unix$/ }).optional(),
    description:
      "Socket of the sandbox service, which runs hooks in the place of its workers: it listens there, they connect.",
    example: "unix:///run/sandbox/executors.sock",
    defaultText: "workers run hooks themselves",
    usedBy: executorStarters,
  }),
  maxExecutors: setting({
    env: "HOOKLANE_MAX_EXECUTORS",
    schema: wholeNumber(1, 1000).optional(),
    description:
      "Executor processes of a worker, or of a sandbox service for all its workers: one per hook version in use, some 70 MB each; the least used go first.",
    example: "16",
    defaultText: "32, or what half of the memory holds",
    usedBy: executorStarters,
  }),
  egress: setting({
    env: "HOOKLANE_EGRESS",
    schema: z.enum(["none", "public", "allowlist"], "must be none, public or allowlist").default("public"),
    description:
      "Where hooks may connect to: nowhere, any public address, or the hosts in HOOKLANE_EGRESS_ALLOW.",
    example: "allowlist",
    usedBy: worker,
  }),
  egressAllow: setting({
    env: "HOOKLANE_EGRESS_ALLOW",
    schema: hostPatterns().default([]),
    description:
      "Hosts, with a port or without, that hooks may connect to when HOOKLANE_EGRESS is allowlist.",
    example: "api.example.com:443,*.example.org",
    defaultText: "",
    usedBy: worker,
  }),
  egressExceptions: setting({
    env: "HOOKLANE_EGRESS_EXCEPTIONS",
    schema: hostPatterns({ isPortRequired: true }).default([]),
    description: "Private services that hooks may connect to besides, each with its port.",
    example: "crm.internal:8080,10.0.0.7:5432",
    defaultText: "",
    usedBy: worker,
  }),
  hookCaFile: setting({
    env: "HOOKLANE_HOOK_CA_FILE",
    schema: z.string().min(1).optional(),
    description: "File of certificates (PEM) that the connections of hooks trust besides Node's own.",
    example: "/etc/ssl/company.pem",
    defaultText: "none",
    usedBy: worker,
  }),
  laneConcurrency: setting({
    env: "HOOKLANE_LANE_CONCURRENCY",
    schema: wholeNumber(1, 1000).default(16),
    description: "Jobs of one synchronous lane that a worker has in hand at once.",
    example: "32",
    usedBy: worker,
  }),
  asyncConcurrency: setting({
    env: "HOOKLANE_ASYNC_CONCURRENCY",
    schema: wholeNumber(1, 1000).default(4),
    description:
      "Jobs of one asynchronous lane that a worker has in hand at once: few, so that their backlog does not slow synchronous calls.",
    example: "16",
    usedBy: worker,
  }),
  maxBodyBytes: setting({
    env: "HOOKLANE_MAX_BODY_BYTES",
    schema: wholeNumber(1024, 16_777_216).default(1_048_576),
    description: "Largest request body, in bytes; larger ones are answered with 413.",
    example: "262144",
    usedBy: gateway,
  }),
  maxResultBytes: setting({
    env: "HOOKLANE_MAX_RESULT_BYTES",
    schema: wholeNumber(1024, 4_194_304).default(262_144),
    description: "Largest result of a hook as JSON, in bytes.",
    example: "65536",
    usedBy: worker,
  }),
  maxLogBytes: setting({
    env: "HOOKLANE_MAX_LOG_BYTES",
    schema: wholeNumber(0, 1_048_576).default(65_536),
    description: "Console output kept per run, in bytes; the rest is dropped and marked.",
    example: "16384",
    usedBy: worker,
  }),
  maxLaneLength: setting({
    env: "HOOKLANE_MAX_LANE_LENGTH",
    schema: wholeNumber(1, 10_000_000).default(100_000),
    description: "Jobs that may wait in one lane; beyond it events are refused with 429 or 503.",
    example: "100000",
    usedBy: gateway,
  }),
  maxInFlight: setting({
    env: "HOOKLANE_MAX_IN_FLIGHT",
    schema: wholeNumber(1, 100_000).default(1_000),
    description: "Synchronous calls that one gateway lets wait at once; beyond it they are refused with 503.",
    example: "1000",
    usedBy: gateway,
  }),
  maxStreamLength: setting({
    env: "HOOKLANE_MAX_STREAM_LENGTH",
    schema: wholeNumber(1_000, 10_000_000).default(200_000),
    description: "Records of what happened that Redis holds until the history has them.",
    example: "200000",
    usedBy: ["gateway", "worker"],
  }),
  chains: setting({
    env: "HOOKLANE_CHAINS",
    schema: triggerList().default([]),
    description:
      "Triggers, separated by commas, of which several hooks may be enabled: they run one after the other, in the order that `// hooklane: order=N` gives.",
    example: "credentials-exchange,pre-user-registration",
    defaultText: "none: enabling a hook disables the trigger's other one",
    usedBy: gateway,
  }),
  retries: setting({
    env: "HOOKLANE_RETRIES",
    schema: jsonText(z.partialRecord(triggerIdSchema, retryPolicySchema.partial())).default({}),
    description:
      "Retry policy per asynchronous trigger, as JSON; what is left out keeps its default (5 attempts, 1 s, × 2, at most 5 min, full jitter).",
    example: '{"post-user-registration":{"attempts":8,"firstDelayMs":500}}',
    defaultText: "{}",
    usedBy: ["gateway", "worker"],
  }),
  laneLimits: setting({
    env: "HOOKLANE_LANE_LIMITS",
    schema: jsonText(z.partialRecord(triggerIdSchema, laneLimitsSchema)).default({}),
    description:
      "What all workers together may do per trigger, as JSON: jobs at once (concurrency) and jobs begun in a second (perSecond).",
    example: '{"post-user-registration":{"concurrency":10,"perSecond":50}}',
    defaultText: "{}",
    usedBy: gateway,
  }),
  breaker: setting({
    env: "HOOKLANE_BREAKER",
    schema: jsonText(z.partialRecord(triggerIdSchema, circuitSettingsSchema.partial())).default({}),
    description:
      "When a failing hook with a fallback is left alone, per synchronous trigger, as JSON; what is left out keeps its default (half of 10 or more calls in 30 s fail, or 80 % take 10 s; for 10 s, then 3 probes).",
    example: '{"credentials-exchange":{"failureRatio":0.3,"slowMs":2000}}',
    defaultText: "{}",
    usedBy: gateway,
  }),
  retentionDays: setting({
    env: "HOOKLANE_RETENTION_DAYS",
    schema: wholeNumber(1, 3650).default(14),
    description: "Days that executions, and the events of dead letters, are kept.",
    example: "30",
    usedBy: ["gateway", "worker"],
  }),
  retentionExecutions: setting({
    env: "HOOKLANE_RETENTION_EXECUTIONS",
    schema: wholeNumber(100, 100_000_000).default(1_000_000),
    description: "Executions that the history keeps; the oldest go first.",
    example: "100000",
    usedBy: gateway,
  }),
  maxDeadLetters: setting({
    env: "HOOKLANE_MAX_DEAD_LETTERS",
    schema: wholeNumber(1, 1_000_000).default(10_000),
    description: "Dead letters per lane whose event is kept for a replay; the oldest go first.",
    example: "10000",
    usedBy: ["gateway", "worker"],
  }),
  maxDelayDays: setting({
    env: "HOOKLANE_MAX_DELAY_DAYS",
    schema: wholeNumber(0, 365).default(30),
    description: "Days that an asynchronous event may be put off with deliverAt.",
    example: "7",
    usedBy: gateway,
  }),
  preserveNames: setting({
    env: "HOOKLANE_PRESERVE_NAMES",
    schema: trueOrFalse().default(false),
    description: "Keep hook names as they were sent, where Auth0 turns `My Hook1` into `my-hook-1`.",
    example: "true",
    usedBy: gateway,
  }),
  secretsUpsert: setting({
    env: "HOOKLANE_SECRETS_UPSERT",
    schema: trueOrFalse().default(false),
    description:
      "Let POST replace a secret that exists, where Auth0 answers 409 (auth0-deploy-cli 8.23 to 8.41).",
    example: "true",
    usedBy: gateway,
  }),
  emptyTenant: setting({
    env: "HOOKLANE_EMPTY_TENANT",
    schema: trueOrFalse().default(false),
    description:
      "Show Auth0's other resources as empty, which the export of auth0-deploy-cli 5 needs. See docs/auth0-compatibility.md.",
    example: "true",
    usedBy: gateway,
  }),
  readOnly: setting({
    env: "HOOKLANE_READ_ONLY",
    schema: trueOrFalse().default(false),
    description: "Freeze the hooks: none is made and no script changes; they run, switch and can be deleted.",
    example: "true",
    usedBy: gateway,
  }),
  rateLimitBurst: setting({
    env: "HOOKLANE_RATE_LIMIT_BURST",
    schema: wholeNumber(0, 1_000_000).default(50),
    description: "Requests a client may send to /api/v2 at once; 0 lifts the limit. The default is Auth0's.",
    example: "500",
    usedBy: gateway,
  }),
  rateLimitPerSecond: setting({
    env: "HOOKLANE_RATE_LIMIT_PER_SECOND",
    schema: wholeNumber(1, 1_000_000).default(16),
    description: "Requests to /api/v2 that a client regains per second. The default is Auth0's.",
    example: "100",
    usedBy: gateway,
  }),
  tokenTtlSeconds: setting({
    env: "HOOKLANE_TOKEN_TTL_SECONDS",
    schema: wholeNumber(60, 2_592_000).default(86_400),
    description: "Life of an access token, in seconds. The default is Auth0's.",
    example: "3600",
    usedBy: gateway,
  }),
  npmRegistry: setting({
    env: "HOOKLANE_NPM_REGISTRY",
    schema: z.url({ protocol: /^https?$/ }).optional(),
    description: "Registry that the npm packages of hooks come from.",
    example: "https://registry.example.com/",
    defaultText: "npm's own",
    usedBy: gateway,
    isSecret: true,
  }),
  npmToken: setting({
    env: "HOOKLANE_NPM_TOKEN",
    schema: z.string().min(1).optional(),
    description: "Token that HOOKLANE_NPM_REGISTRY asks for; only the npm of a build sees it.",
    example: "npm_k3fW…",
    usedBy: gateway,
    isSecret: true,
  }),
  buildTimeoutMs: setting({
    env: "HOOKLANE_BUILD_TIMEOUT_MS",
    schema: wholeNumber(1_000, 900_000).default(60_000),
    description: "Time that installing and bundling the npm packages of a hook may take, in ms.",
    example: "120000",
    usedBy: gateway,
  }),
  buildWaitMs: setting({
    env: "HOOKLANE_BUILD_WAIT_MS",
    schema: wholeNumber(0, 300_000).default(10_000),
    description:
      "Time that saving a hook waits for its npm packages before it is answered, in ms; they are built on.",
    example: "0",
    usedBy: gateway,
  }),
  builds: setting({
    env: "HOOKLANE_BUILDS",
    schema: wholeNumber(1, 16).default(1),
    description: "Builds of npm packages that a gateway runs at once.",
    example: "2",
    usedBy: gateway,
  }),
  drainMs: setting({
    env: "HOOKLANE_DRAIN_MS",
    schema: wholeNumber(0, 900_000).default(25_000),
    description: "Time a process may take to finish what it has in hand when it is told to stop, in ms.",
    example: "25000",
    usedBy: everyone,
  }),
  drainDelayMs: setting({
    env: "HOOKLANE_DRAIN_DELAY_MS",
    schema: wholeNumber(0, 900_000).default(0),
    description:
      "Of that time, how long a gateway that stops still takes calls, in ms: longer than its load balancer needs to see that /readyz refuses.",
    example: "10000",
    usedBy: gateway,
  }),
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

function setting<Schema extends z.ZodType>(one: Setting<Schema>): Setting<Schema> {
  return one
}

function wholeNumber(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`
  return z
    .union([z.number(), z.string().regex(/^\d+$/, rule).transform(Number)], { error: rule })
    .pipe(z.int(rule).min(min, rule).max(max, rule))
}

function triggerList() {
  return z
    .union([z.array(triggerIdSchema), z.string().transform((text) => text.split(",").map((id) => id.trim()))])
    .pipe(z.array(triggerIdSchema))
}

function redisUrl() {
  return z.string().superRefine((text, context) => {
    try {
      parseRedisUrl(text)
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) })
    }
  })
}

function trueOrFalse() {
  const rule = "must be true or false"
  return z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
    error: rule,
  })
}

function jsonText<Schema extends z.ZodType>(schema: Schema) {
  return z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .transform((value, context) => {
      if (typeof value !== "string") return value
      try {
        return JSON.parse(value)
      } catch {
        context.addIssue({ code: "custom", message: "must be JSON" })
        return z.NEVER
      }
    })
    .pipe(schema)
}

function hostPatterns({ isPortRequired = false } = {}) {
  return z.union([z.array(z.custom<HostPattern>()), z.string().transform(readPatterns)])

  function readPatterns(text: string, context: z.RefinementCtx): HostPattern[] {
    try {
      const patterns = parseHostPatterns(text)
      const without = patterns.find(({ port }) => isPortRequired && port === undefined)
      if (!without) return patterns
      context.addIssue({ code: "custom", message: `"${without.host}" needs a port` })
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) })
    }
    return z.NEVER
  }
}

function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text.trim())
}
