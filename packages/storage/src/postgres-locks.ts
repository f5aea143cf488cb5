import type { Turn } from "./database.ts"

/** "hook" in ASCII: keeps our locks apart from those that others may take in the same database. */
const OURS = 0x686f6f6b

const NUMBERS = { migrations: 1, hooks: 2, signing_keys: 3 } satisfies Record<Turn | "migrations", number>

/** Waits for a lock that only one transaction of the database can hold; it ends with the transaction. */
export function lockStatement(name: keyof typeof NUMBERS): string {
  return `select pg_advisory_xact_lock(${OURS}, ${NUMBERS[name]})`
}
