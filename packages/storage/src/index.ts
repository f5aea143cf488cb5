export * from "./builds.ts"
export * from "./clients.ts"
export {
  type ExecutionAttempt,
  type ExecutionConditions,
  type ExecutionDetail,
  type ExecutionFilter,
  type ExecutionSummary,
  getExecution,
  listExecutions,
} from "./executions.ts"
export { findUnavailable, isFailedQuery } from "./failed-query.ts"
export * from "./hook-documents.ts"
export * from "./hooks.ts"
export { openStorage, type Storage, type StorageOptions } from "./open.ts"
export * from "./prune-executions.ts"
export { recordExecutions } from "./record-executions.ts"
export { MAX_VERSIONS_PER_HOOK } from "./save-version.ts"
export * from "./secrets.ts"
export * from "./select-executions.ts"
export * from "./signing-keys.ts"
export * from "./snapshots.ts"
export * from "./versions.ts"
