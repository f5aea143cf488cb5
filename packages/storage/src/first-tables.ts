import { packageRequestOf } from "@hooklane/core"

/**
 * Migration 0000 was rewritten a few times before migrations were only added. A database of those days says that it
 * has seen one migration, and lacks what came into it later: these columns, and tables and indexes that its
 * statements make.
 */
export const LATER_COLUMNS = [
  { table: "attempts", column: "calls", type: { sqlite: "text", postgres: "json" } },
  { table: "attempts", column: "kill", type: { sqlite: "text", postgres: "json" } },
  { table: "executions", column: "answered_by", type: { sqlite: "text", postgres: "text" } },
  {
    table: "hook_versions",
    column: "build_status",
    type: { sqlite: "text not null default 'none'", postgres: "text not null default 'none'" },
  },
  {
    table: "hook_versions",
    column: "build_log",
    type: { sqlite: "text not null default ''", postgres: `text collate "C" not null default ''` },
  },
  { table: "hook_versions", column: "lock", type: { sqlite: "text", postgres: "json" } },
  { table: "hook_versions", column: "lock_hash", type: { sqlite: "text", postgres: 'text collate "C"' } },
  { table: "hook_versions", column: "specifiers", type: { sqlite: "text", postgres: "json" } },
  {
    table: "hook_versions",
    column: "bundle_id",
    type: { sqlite: "text references bundles (id)", postgres: 'text collate "C"' },
  },
] as const

/** The column that no database had before hooks could have npm packages. */
export const FIRST_BUILD_COLUMN = "hook_versions.build_status"

/** The statement that makes a table or an index where it is missing; undefined for statements of other kinds. */
export function makeIfMissing(statement: string): string | undefined {
  const [made] = /^\s*CREATE (TABLE|(UNIQUE )?INDEX) /.exec(statement) ?? []
  return made && `${made}IF NOT EXISTS ${statement.slice(made.length)}`
}

/** What a version of before builds knows of its npm packages; undefined when it needs none. */
export function buildOfOldVersion({
  isCurrent,
  ...code
}: {
  script: string
  dependencies: Record<string, string>
  isCurrent: boolean
}): { status: "pending" | "failed"; log: string } | undefined {
  if (!packageRequestOf(code)) return undefined
  if (isCurrent) return { status: "pending", log: "" }
  return { status: "failed", log: "Saved by a release that built no packages; build it again.\n" }
}
