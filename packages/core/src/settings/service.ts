import { z } from "zod"
import { parseRedisUrl } from "../redis-url.ts"
import { everyone, setting, trueOrFalse, wholeNumber } from "./setting.ts"

/** Where the processes are and how they know each other. */
export const SERVICE_SETTINGS = {
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
  trustedProxies: setting({
    env: "HOOKLANE_TRUSTED_PROXIES",
    schema: networks().default(["127.0.0.0/8", "::1/128"]),
    description:
      "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses, networks, `loopback`, `private` or `none`.",
    example: "loopback,10.0.0.0/8",
    defaultText: "loopback",
    usedBy: ["gateway"],
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
    usedBy: ["gateway"],
    isSecret: true,
  }),
  acceptNoHooks: setting({
    env: "HOOKLANE_ACCEPT_NO_HOOKS",
    schema: trueOrFalse().default(false),
    description:
      "Say, for one start, that a deployment which had hooks shall have none; otherwise its events are refused. See docs/operations.md.",
    example: "true",
    usedBy: ["gateway"],
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
    usedBy: ["gateway"],
  }),
  clientSecret: setting({
    env: "HOOKLANE_CLIENT_SECRET",
    schema: z.string().min(24, "must have 24 characters or more").max(256).optional(),
    description: "Secret of the first management client.",
    example: "output of: openssl rand -base64 36",
    defaultText: "made on the first start, in credentials.json",
    usedBy: ["gateway"],
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
} as const

function redisUrl() {
  return z.string().superRefine((text, context) => {
    try {
      parseRedisUrl(text)
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) })
    }
  })
}

const NAMED_NETWORKS: Record<string, readonly string[]> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
  none: [],
}

/** Addresses and networks separated by commas, some of them by name. */
function networks() {
  return z
    .union([z.array(z.string()), z.string().transform((text) => text.split(","))])
    .transform((all) =>
      all.map((one) => one.trim().toLowerCase()).flatMap((one) => NAMED_NETWORKS[one] ?? [one]),
    )
    .pipe(
      z.array(
        z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
          error: ({ input }) => `"${input}" is not an address, a network, loopback, private or none`,
        }),
      ),
    )
}

function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text.trim())
}
