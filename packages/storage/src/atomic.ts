import type { SQLWrapper } from "drizzle-orm"
import type { Turn } from "./database.ts"
import type { Storage } from "./open.ts"

/**
 * Runs the writes in order in one transaction: all of them happen, or none and this throws. They are built
 * beforehand because SQLite's driver is synchronous and refuses a transaction that awaits. A write that depends on
 * what was read says so in its own condition. Transactions with the same `turn` run one after the other, so each
 * sees all that the one before has written; on SQLite every transaction does.
 */
export function atomically(
  { dialect }: Pick<Storage, "dialect">,
  writes: readonly SQLWrapper[],
  { turn }: { turn?: Turn } = {},
): Promise<void> {
  return dialect.runAll(writes, turn)
}
