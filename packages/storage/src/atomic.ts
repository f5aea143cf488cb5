import type { SQLWrapper } from "drizzle-orm"
import type { Storage } from "./open.ts"

/**
 * Runs the writes in order in one transaction: all of them happen, or none and this throws. They are built
 * beforehand because SQLite's driver is synchronous and refuses a transaction that awaits; on PostgreSQL the
 * same list runs through `execute` of an asynchronous transaction. A write that depends on what was read says
 * so in its own condition. `immediate` takes the write lock first, so that a second process waits for it
 * (busy_timeout) where a lock taken midway would fail at once.
 */
export async function atomically({ db }: Pick<Storage, "db">, writes: readonly SQLWrapper[]): Promise<void> {
  db.transaction(
    (transaction) => {
      for (const write of writes) transaction.run(write)
    },
    { behavior: "immediate" },
  )
}
