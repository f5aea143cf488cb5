import type { webcrypto } from "node:crypto"
import {
  type AfterAnswerRecord,
  ANSWERED_BY,
  BUILD_STATUSES,
  EXECUTION_STATUSES,
  type Failure,
  type HookError,
  type Kill,
  type LogLine,
  type OutboundCall,
  type PackageLock,
  TRIGGER_IDS,
} from "@hooklane/core"
import { sql } from "drizzle-orm"
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core"

/** What a hook is now. Its code lives in its versions; `versionNumber` names the current one. */
export const hooks = sqliteTable(
  "hooks",
  {
    id: text().primaryKey(),
    name: text().notNull(),
    triggerId: text({ enum: TRIGGER_IDS }).notNull(),
    enabled: integer({ mode: "boolean" }).notNull(),
    versionNumber: integer().notNull(),
  },
  // No unique index on the enabled hook of a trigger: a chain of hooks may allow several one day.
  (table) => [uniqueIndex("hooks_name_unique").on(table.name), index("hooks_trigger").on(table.triggerId)],
)

/** Bundled npm packages, by the hash of their text. Many versions may use one; those that none uses are dropped. */
export const bundles = sqliteTable("bundles", {
  id: text().primaryKey(),
  code: text().notNull(),
  createdAt: integer({ mode: "timestamp_ms" }).notNull(),
})

/** Immutable states of a hook, numbered from 1. They go with their hook. */
export const hookVersions = sqliteTable(
  "hook_versions",
  {
    id: text().primaryKey(),
    hookId: text()
      .notNull()
      .references(() => hooks.id, { onDelete: "cascade" }),
    number: integer().notNull(),
    name: text().notNull(),
    script: text().notNull(),
    dependencies: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
    /** Pairs of name and sealed value: an object would not keep the order in which secrets were added. */
    sealedSecrets: text({ mode: "json" }).$type<SealedSecret[]>().notNull(),
    createdAt: integer({ mode: "timestamp_ms" }).notNull(),
    /** Its npm packages. The rest is there when they are built, the log also when they could not be. */
    buildStatus: text({ enum: BUILD_STATUSES }).notNull(),
    buildLog: text().notNull(),
    lock: text({ mode: "json" }).$type<PackageLock>(),
    lockHash: text(),
    /** What the script may require. */
    specifiers: text({ mode: "json" }).$type<string[]>(),
    bundleId: text().references(() => bundles.id),
  },
  (table) => [
    uniqueIndex("hook_versions_number_unique").on(table.hookId, table.number),
    index("hook_versions_lock_hash").on(table.lockHash),
    index("hook_versions_bundle").on(table.bundleId),
  ],
)

/** What a hook keeps between its runs, as far as Redis has handed it over; it goes with its hook. */
export const hookDocuments = sqliteTable("hook_documents", {
  hookId: text()
    .primaryKey()
    .references(() => hooks.id, { onDelete: "cascade" }),
  /** Counts the writes of the hook. */
  version: integer().notNull(),
  /** Null: it was removed. */
  sealed: text(),
})

export type SealedSecret = [name: string, sealedValue: string]

/** The history. It names its hook but does not refer to it: it stays when the hook is deleted. */
export const executions = sqliteTable(
  "executions",
  {
    executionId: text().primaryKey(),
    triggerId: text({ enum: TRIGGER_IDS }).notNull(),
    hookId: text().notNull(),
    hookName: text().notNull(),
    versionId: text().notNull(),
    acceptedAt: integer({ mode: "timestamp_ms" }).notNull(),
    replayOf: text(),
    status: text({ enum: EXECUTION_STATUSES }).notNull(),
    /** When it came to this status. */
    statusAt: integer({ mode: "timestamp_ms" }).notNull(),
    nextAttemptAt: integer({ mode: "timestamp_ms" }),
    failure: text().$type<Failure>(),
    error: text({ mode: "json" }).$type<HookError>(),
    /** What its caller was told in place of the hook's answer. */
    answeredBy: text({ enum: ANSWERED_BY }),
  },
  // One index per way of filtering, in the order of the list: a page costs the same at any depth, and also
  // where the filter matches next to nothing of a long history (measured: 1 ms, without the index 250 ms).
  (table) => [
    index("executions_newest").on(table.acceptedAt, table.executionId),
    index("executions_by_trigger").on(table.triggerId, table.acceptedAt, table.executionId),
    index("executions_by_hook").on(table.hookId, table.acceptedAt, table.executionId),
    index("executions_by_trigger_status").on(
      table.triggerId,
      table.status,
      table.acceptedAt,
      table.executionId,
    ),
    index("executions_by_hook_status").on(table.hookId, table.status, table.acceptedAt, table.executionId),
    index("executions_by_status").on(table.status, table.acceptedAt, table.executionId),
  ],
)

export const attempts = sqliteTable(
  "attempts",
  {
    executionId: text()
      .notNull()
      .references(() => executions.executionId, { onDelete: "cascade" }),
    attempt: integer().notNull(),
    workerId: text().notNull(),
    startedAt: integer({ mode: "timestamp_ms" }).notNull(),
    queueMs: real().notNull(),
    runMs: real().notNull(),
    failure: text().$type<Failure>(),
    error: text({ mode: "json" }).$type<HookError>(),
    logs: text({ mode: "json" }).$type<LogLine[]>().notNull(),
    logsTruncated: integer({ mode: "boolean" }).notNull(),
    calls: text({ mode: "json" }).$type<OutboundCall[]>(),
    kill: text({ mode: "json" }).$type<Kill>(),
    afterAnswer: text({ mode: "json" }).$type<AfterAnswerRecord>(),
    afterAnswerMs: real(),
  },
  (table) => [primaryKey({ columns: [table.executionId, table.attempt] })],
)

/** Who may call the API. Rows are never deleted, so that a revoked id cannot come back. */
export const clients = sqliteTable("clients", {
  id: text().primaryKey(),
  name: text().notNull(),
  scopes: text({ mode: "json" }).$type<string[]>().notNull(),
  secretHash: text().notNull(),
  /** Hash of the secret that the settings gave, for a client that comes from the settings. */
  configuredSecretHash: text(),
  createdAt: integer({ mode: "timestamp_ms" }).notNull(),
  revokedAt: integer({ mode: "timestamp_ms" }),
})

export type PublicJwk = webcrypto.JsonWebKey & { kid: string }

/** Keys that sign access tokens; the one that is not retired signs, the others still verify. */
export const signingKeys = sqliteTable(
  "signing_keys",
  {
    kid: text().primaryKey(),
    algorithm: text().notNull(),
    publicJwk: text({ mode: "json" }).$type<PublicJwk>().notNull(),
    sealedPrivateJwk: text().notNull(),
    createdAt: integer({ mode: "timestamp_ms" }).notNull(),
    retiredAt: integer({ mode: "timestamp_ms" }),
  },
  (table) => [
    uniqueIndex("signing_keys_one_current").on(table.algorithm).where(sql`${table.retiredAt} is null`),
  ],
)
