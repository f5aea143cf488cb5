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
import {
  bigint,
  boolean,
  doublePrecision,
  text as enumText,
  index,
  json,
  pgTable,
  primaryKey,
  uniqueIndex,
} from "drizzle-orm/pg-core"
import { moment, text } from "./postgres-columns.ts"
import type { PublicJwk, SealedSecret } from "./schema.sqlite.ts"

// The tables of schema.sqlite.ts, where their meaning is told; a test holds the two to the same rows.
//
// `json` and not `jsonb`: it keeps the order of keys, and it takes every text that JavaScript may put into a log
// line, such as U+0000 or half of a surrogate pair. Nothing searches in these columns.
//
// Whole numbers are `bigint`: a caller may ask for a version whose number is larger than an integer.

export const hooks = pgTable(
  "hooks",
  {
    id: text().primaryKey(),
    name: text().notNull(),
    triggerId: enumText({ enum: TRIGGER_IDS }).notNull(),
    enabled: boolean().notNull(),
    versionNumber: bigint({ mode: "number" }).notNull(),
  },
  (table) => [uniqueIndex("hooks_name_unique").on(table.name), index("hooks_trigger").on(table.triggerId)],
)

export const bundles = pgTable("bundles", {
  id: text().primaryKey(),
  code: text().notNull(),
  createdAt: moment().notNull(),
})

export const hookVersions = pgTable(
  "hook_versions",
  {
    id: text().primaryKey(),
    hookId: text()
      .notNull()
      .references(() => hooks.id, { onDelete: "cascade" }),
    number: bigint({ mode: "number" }).notNull(),
    name: text().notNull(),
    script: text().notNull(),
    dependencies: json().$type<Record<string, string>>().notNull(),
    sealedSecrets: json().$type<SealedSecret[]>().notNull(),
    createdAt: moment().notNull(),
    buildStatus: enumText({ enum: BUILD_STATUSES }).notNull(),
    buildLog: text().notNull(),
    lock: json().$type<PackageLock>(),
    lockHash: text(),
    specifiers: json().$type<string[]>(),
    bundleId: text().references(() => bundles.id),
  },
  (table) => [
    uniqueIndex("hook_versions_number_unique").on(table.hookId, table.number),
    index("hook_versions_lock_hash").on(table.lockHash),
    index("hook_versions_bundle").on(table.bundleId),
  ],
)

export const hookDocuments = pgTable("hook_documents", {
  hookId: text()
    .primaryKey()
    .references(() => hooks.id, { onDelete: "cascade" }),
  version: bigint({ mode: "number" }).notNull(),
  sealed: text(),
})

export const executions = pgTable(
  "executions",
  {
    executionId: text().primaryKey(),
    triggerId: enumText({ enum: TRIGGER_IDS }).notNull(),
    hookId: text().notNull(),
    hookName: text().notNull(),
    versionId: text().notNull(),
    acceptedAt: moment().notNull(),
    replayOf: text(),
    status: enumText({ enum: EXECUTION_STATUSES }).notNull(),
    statusAt: moment().notNull(),
    nextAttemptAt: moment(),
    failure: enumText().$type<Failure>(),
    error: json().$type<HookError>(),
    answeredBy: enumText({ enum: ANSWERED_BY }),
  },
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

export const attempts = pgTable(
  "attempts",
  {
    executionId: text()
      .notNull()
      .references(() => executions.executionId, { onDelete: "cascade" }),
    attempt: bigint({ mode: "number" }).notNull(),
    workerId: text().notNull(),
    startedAt: moment().notNull(),
    queueMs: doublePrecision().notNull(),
    runMs: doublePrecision().notNull(),
    failure: enumText().$type<Failure>(),
    error: json().$type<HookError>(),
    logs: json().$type<LogLine[]>().notNull(),
    logsTruncated: boolean().notNull(),
    calls: json().$type<OutboundCall[]>(),
    kill: json().$type<Kill>(),
    afterAnswer: json().$type<AfterAnswerRecord>(),
    afterAnswerMs: doublePrecision(),
  },
  (table) => [primaryKey({ columns: [table.executionId, table.attempt] })],
)

export const clients = pgTable("clients", {
  id: text().primaryKey(),
  name: text().notNull(),
  scopes: json().$type<string[]>().notNull(),
  secretHash: text().notNull(),
  configuredSecretHash: text(),
  createdAt: moment().notNull(),
  revokedAt: moment(),
})

export const signingKeys = pgTable(
  "signing_keys",
  {
    kid: text().primaryKey(),
    algorithm: text().notNull(),
    publicJwk: json().$type<PublicJwk>().notNull(),
    sealedPrivateJwk: text().notNull(),
    createdAt: moment().notNull(),
    retiredAt: moment(),
  },
  (table) => [
    uniqueIndex("signing_keys_one_current").on(table.algorithm).where(sql`${table.retiredAt} is null`),
  ],
)
