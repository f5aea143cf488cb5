import { z } from "zod"
import { setting, wholeNumber } from "./setting.ts"

/** The npm packages of hooks. */
export const BUILD_SETTINGS = {
  npmRegistry: setting({
    env: "HOOKLANE_NPM_REGISTRY",
    schema: z.url({ protocol: /^https?$/ }).optional(),
    description: "Registry that the npm packages of hooks come from.",
    example: "https://registry.example.com/",
    defaultText: "npm's own",
    usedBy: ["gateway"],
    isSecret: true,
  }),
  npmToken: setting({
    env: "HOOKLANE_NPM_TOKEN",
    schema: z.string().min(1).optional(),
    description: "Token that HOOKLANE_NPM_REGISTRY asks for; only the npm of a build sees it.",
    example: "npm_k3fW…",
    usedBy: ["gateway"],
    isSecret: true,
  }),
  buildTimeoutMs: setting({
    env: "HOOKLANE_BUILD_TIMEOUT_MS",
    schema: wholeNumber(1_000, 900_000).default(60_000),
    description: "Time that installing and bundling the npm packages of a hook may take, in ms.",
    example: "120000",
    usedBy: ["gateway"],
  }),
  buildWaitMs: setting({
    env: "HOOKLANE_BUILD_WAIT_MS",
    schema: wholeNumber(0, 300_000).default(3_000),
    description:
      "Time that saving a hook waits for its npm packages before it is answered, in ms; they are built on.",
    example: "0",
    usedBy: ["gateway"],
  }),
  maxBundleBytes: setting({
    env: "HOOKLANE_MAX_BUNDLE_BYTES",
    schema: wholeNumber(100_000, 30_000_000).default(10_000_000),
    description:
      "Largest bundle of a hook's npm packages, in bytes; beyond 12 MB runs need more HOOKLANE_HOOK_HEAP_MB.",
    example: "20000000",
    usedBy: ["gateway"],
  }),
  builds: setting({
    env: "HOOKLANE_BUILDS",
    schema: wholeNumber(1, 16).default(1),
    description: "Builds of npm packages that a gateway runs at once.",
    example: "2",
    usedBy: ["gateway"],
  }),
} as const
