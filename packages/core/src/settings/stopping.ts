import { everyone, setting, wholeNumber } from "./setting.ts"

/** How processes stop. */
export const STOPPING_SETTINGS = {
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
    usedBy: ["gateway"],
  }),
} as const
