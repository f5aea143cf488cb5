import { setting, wholeNumber } from "./setting.ts"

/** What is kept, and for how long. */
export const KEPT_SETTINGS = {
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
    usedBy: ["gateway"],
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
    usedBy: ["gateway"],
  }),
} as const
