import { setTimeout } from "node:timers/promises"
import Client from "better-sqlite3"

/** How long a statement waits for another process that holds the database. */
const PATIENCE_MS = 5_000
const FIRST_DELAY_MS = 2
const MAX_DELAY_MS = 50

/**
 * Does `work` as soon as no other process is in its way. SQLite itself would wait on the thread that everything else
 * of a gateway runs on; here only the caller waits.
 * @throws SqliteError SQLITE_BUSY when the other process takes longer than 5 s
 */
export async function whenNotBusy<Result>(work: () => Result): Promise<Result> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() + delayMs > giveUpAt) throw error
    }
    await setTimeout(delayMs)
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Client.SqliteError && error.code.startsWith("SQLITE_BUSY")
}
