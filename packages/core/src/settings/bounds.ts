import { setting, wholeNumber } from "./setting.ts"

/** What may come in, and what may wait. */
export const BOUNDS_SETTINGS = {
  maxBodyBytes: setting({
    env: "HOOKLANE_MAX_BODY_BYTES",
    schema: wholeNumber(1024, 16_777_216).default(1_048_576),
    description: "Largest request body, in bytes; larger ones are answered with 413.",
    example: "262144",
    usedBy: ["gateway"],
  }),
  maxResultBytes: setting({
    env: "HOOKLANE_MAX_RESULT_BYTES",
    schema: wholeNumber(1024, 4_194_304).default(262_144),
    description: "Largest result of a hook as JSON, in bytes.",
    example: "65536",
    usedBy: ["worker"],
  }),
  maxLogBytes: setting({
    env: "HOOKLANE_MAX_LOG_BYTES",
    schema: wholeNumber(0, 1_048_576).default(65_536),
    description: "Console output kept per run, in bytes; the rest is dropped and marked.",
    example: "16384",
    usedBy: ["worker"],
  }),
  maxLaneLength: setting({
    env: "HOOKLANE_MAX_LANE_LENGTH",
    schema: wholeNumber(1, 10_000_000).default(100_000),
    description: "Jobs that may wait in one lane; beyond it events are refused with 429 or 503.",
    example: "100000",
    usedBy: ["gateway"],
  }),
  maxInFlight: setting({
    env: "HOOKLANE_MAX_IN_FLIGHT",
    schema: wholeNumber(1, 100_000).default(1_000),
    description: "Synchronous calls that one gateway lets wait at once; beyond it they are refused with 503.",
    example: "1000",
    usedBy: ["gateway"],
  }),
  maxStreamLength: setting({
    env: "HOOKLANE_MAX_STREAM_LENGTH",
    schema: wholeNumber(1_000, 10_000_000).default(200_000),
    description: "Records of what happened that Redis holds until the history has them.",
    example: "200000",
    usedBy: ["gateway", "worker"],
  }),
} as const
