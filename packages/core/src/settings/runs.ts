import { z } from "zod"
import { type HostPattern, parseHostPatterns } from "../host-patterns.ts"
import { WALLS } from "../wall.ts"
import { setting, wholeNumber } from "./setting.ts"

/** How hooks run: their time, their memory, their processes, their way out. */
export const RUNS_SETTINGS = {
  hookTimeoutMs: setting({
    env: "HOOKLANE_HOOK_TIMEOUT_MS",
    schema: wholeNumber(10, 900_000).default(20_000),
    description: "Wall-clock time one run of a hook may take, in ms. The default is Auth0's.",
    example: "20000",
    usedBy: ["gateway", "worker"],
  }),
  afterAnswerMs: setting({
    env: "HOOKLANE_AFTER_ANSWER_MS",
    schema: wholeNumber(0, 900_000).optional(),
    description:
      "Time a run may go on after its answer until its requests, timers and promises are done, in ms; 0 cuts them at once.",
    example: "2000",
    defaultText: "what is left of HOOKLANE_HOOK_TIMEOUT_MS for post-* triggers, 5000 for the others",
    usedBy: ["worker"],
  }),
  syncTimeoutMs: setting({
    env: "HOOKLANE_SYNC_TIMEOUT_MS",
    schema: wholeNumber(10, 900_000).default(20_000),
    description:
      "Time a caller of a synchronous trigger waits for the answer at most, queueing included, in ms.",
    example: "10000",
    usedBy: ["gateway"],
  }),
  hookHeapMb: setting({
    env: "HOOKLANE_HOOK_HEAP_MB",
    schema: wholeNumber(16, 4096).default(64),
    description: "JavaScript heap one run of a hook may use, in MB.",
    example: "128",
    usedBy: ["worker"],
  }),
  threads: setting({
    env: "HOOKLANE_THREADS",
    schema: wholeNumber(1, 64).default(2),
    description: "Threads that run hooks, per executor process.",
    example: "4",
    usedBy: ["worker"],
  }),
  executorUrl: setting({
    env: "EXECUTOR_URL",
    schema: z.url({ protocol: /^unix$/ }).optional(),
    description:
      "Socket of the sandbox service, which runs hooks in the place of its workers: it listens there, they connect.",
    example: "unix:///run/sandbox/executors.sock",
    defaultText: "workers run hooks themselves",
    usedBy: ["worker", "sandbox"],
  }),
  maxExecutors: setting({
    env: "HOOKLANE_MAX_EXECUTORS",
    schema: wholeNumber(1, 1000).optional(),
    description:
      "Executor processes of a worker, or of a sandbox service for all its workers: one per hook version in use, some 70 MB each; the least used go first.",
    example: "16",
    defaultText: "32, or what half of the memory holds",
    usedBy: ["worker", "sandbox"],
  }),
  minimumWall: setting({
    env: "HOOKLANE_WALLS",
    schema: z.enum(WALLS, "must be kernel, user or process").default("process"),
    description:
      "The least that must hold native code in a hook's process, or nothing is started: namespaces of the kernel, a user of its own, or Node's permission model alone. See docs/security.md.",
    example: "kernel",
    usedBy: ["worker", "sandbox"],
  }),
  bwrap: setting({
    env: "HOOKLANE_BWRAP",
    schema: z.string().startsWith("/", "must be an absolute path").optional(),
    description: "Path of bubblewrap, which raises the kernel's wall.",
    example: "/usr/bin/bwrap",
    defaultText: "the system's; `npm start` fetches one",
    usedBy: ["worker", "sandbox"],
  }),
  egress: setting({
    env: "HOOKLANE_EGRESS",
    schema: z.enum(["none", "public", "allowlist"], "must be none, public or allowlist").default("public"),
    description:
      "Where hooks may connect to: nowhere, any public address, or the hosts in HOOKLANE_EGRESS_ALLOW.",
    example: "allowlist",
    usedBy: ["worker"],
  }),
  egressAllow: setting({
    env: "HOOKLANE_EGRESS_ALLOW",
    schema: hostPatterns().default([]),
    description:
      "Hosts, with a port or without, that hooks may connect to when HOOKLANE_EGRESS is allowlist.",
    example: "api.example.com:443,*.example.org",
    defaultText: "",
    usedBy: ["worker"],
  }),
  egressExceptions: setting({
    env: "HOOKLANE_EGRESS_EXCEPTIONS",
    schema: hostPatterns({ isPortRequired: true }).default([]),
    description: "Private services that hooks may connect to besides, each with its port.",
    example: "crm.internal:8080,10.0.0.7:5432",
    defaultText: "",
    usedBy: ["worker"],
  }),
  hookCaFile: setting({
    env: "HOOKLANE_HOOK_CA_FILE",
    schema: z.string().min(1).optional(),
    description: "File of certificates (PEM) that the connections of hooks trust besides Node's own.",
    example: "/etc/ssl/company.pem",
    defaultText: "none",
    usedBy: ["worker"],
  }),
  laneConcurrency: setting({
    env: "HOOKLANE_LANE_CONCURRENCY",
    schema: wholeNumber(1, 1000).default(16),
    description: "Jobs of one synchronous lane that a worker has in hand at once.",
    example: "32",
    usedBy: ["worker"],
  }),
  asyncConcurrency: setting({
    env: "HOOKLANE_ASYNC_CONCURRENCY",
    schema: wholeNumber(1, 1000).default(4),
    description:
      "Jobs of one asynchronous lane that a worker has in hand at once: few, so that their backlog does not slow synchronous calls.",
    example: "16",
    usedBy: ["worker"],
  }),
} as const

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
