export { startExecutors } from "./executor.ts"
export type {
  ExecutorLog,
  ExecutorStats,
  Executors,
  ExecutorsOptions,
  RunLimits,
  RunTask,
} from "./run-task.ts"
