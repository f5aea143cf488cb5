import type { Logger } from "pino"
import { createRefreshed } from "./refreshed.ts"
import { startRepeating } from "./repeat.ts"
import { within } from "./within.ts"

/** A look writes a little, so those who ask for readiness share one. */
const LOOK_EVERY_MS = 2_000
/** How long a readiness probe waits for an answer. */
const PROBE_MS = 1_000
const WATCH_EVERY_MS = 10_000

export interface DatabaseWatchDeps {
  /** Rejects when the database cannot be written. */
  probe: () => Promise<void>
  log: Pick<Logger, "error" | "info">
}

/** Looks whether the database can be written, for readiness and, when that changes, for the log. */
export function startDatabaseWatch({ probe, log }: DatabaseWatchDeps) {
  const looked = createRefreshed({ load: () => within(probe(), PROBE_MS), now: Date.now })
  let trouble: string | undefined

  async function check(): Promise<void> {
    try {
      await looked.get(LOOK_EVERY_MS)
      if (trouble !== undefined) log.info("the database can be written again")
      trouble = undefined
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error)
      if (trouble !== found) log.error({ reason: found }, "the database cannot be written")
      trouble = found
      throw error
    }
  }

  const watching = startRepeating({
    // `check` has told the log.
    work: () => check().catch(() => undefined),
    everyMs: WATCH_EVERY_MS,
    complaint: "the database was not looked at",
    log,
  })
  return { check, close: watching.close }
}
