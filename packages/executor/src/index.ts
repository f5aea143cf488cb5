export { startExecutors } from "./executor.ts"
export type { HookStorage, StorageWrite, StoredDocument } from "./run-storage.ts"
export type {
  ExecutorLog,
  ExecutorStats,
  Executors,
  ExecutorsOptions,
  RunLimits,
  RunTask,
} from "./run-task.ts"
