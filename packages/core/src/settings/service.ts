import { z } from "zod"
import { parseRedisUrl } from "../redis-url.ts"
import { everyone, setting, wholeNumber } from "./setting.ts"

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

function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text.trim())
}
