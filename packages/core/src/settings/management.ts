import { setting, trueOrFalse, wholeNumber } from "./setting.ts"

/** The Management API. */
export const MANAGEMENT_SETTINGS = {
  preserveNames: setting({
    env: "HOOKLANE_PRESERVE_NAMES",
    schema: trueOrFalse().default(false),
    description: "Keep hook names as they were sent, where Auth0 turns `My Hook1` into `my-hook-1`.",
    example: "true",
    usedBy: ["gateway"],
  }),
  secretsUpsert: setting({
    env: "HOOKLANE_SECRETS_UPSERT",
    schema: trueOrFalse().default(false),
    description:
      "Let POST replace a secret that exists, where Auth0 answers 409 (auth0-deploy-cli 8.23 to 8.41).",
    example: "true",
    usedBy: ["gateway"],
  }),
  emptyTenant: setting({
    env: "HOOKLANE_EMPTY_TENANT",
    schema: trueOrFalse().default(false),
    description:
      "Show Auth0's other resources as empty, which the export of auth0-deploy-cli 5 needs. See docs/auth0-compatibility.md.",
    example: "true",
    usedBy: ["gateway"],
  }),
  readOnly: setting({
    env: "HOOKLANE_READ_ONLY",
    schema: trueOrFalse().default(false),
    description: "Freeze the hooks: none is made and no script changes; they run, switch and can be deleted.",
    example: "true",
    usedBy: ["gateway"],
  }),
  rateLimitBurst: setting({
    env: "HOOKLANE_RATE_LIMIT_BURST",
    schema: wholeNumber(0, 1_000_000).default(50),
    description: "Requests a client may send to /api/v2 at once; 0 lifts the limit. The default is Auth0's.",
    example: "500",
    usedBy: ["gateway"],
  }),
  rateLimitPerSecond: setting({
    env: "HOOKLANE_RATE_LIMIT_PER_SECOND",
    schema: wholeNumber(1, 1_000_000).default(16),
    description: "Requests to /api/v2 that a client regains per second. The default is Auth0's.",
    example: "100",
    usedBy: ["gateway"],
  }),
  tokenTtlSeconds: setting({
    env: "HOOKLANE_TOKEN_TTL_SECONDS",
    schema: wholeNumber(60, 2_592_000).default(86_400),
    description: "Life of an access token, in seconds. The default is Auth0's.",
    example: "3600",
    usedBy: ["gateway"],
  }),
} as const
