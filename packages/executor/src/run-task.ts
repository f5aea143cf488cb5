import type { RunReport, Snapshot, StandingWall } from "@hooklane/core"
import type { EgressRules } from "./contained/egress/egress-rules.ts"
import type { WallOptions } from "./executor-host.ts"
import type { HookStorage } from "./run-storage.ts"

/** One run of one hook version, with everything it may know. */
export interface RunTask {
  snapshot: Pick<Snapshot, "versionId" | "hookId" | "triggerId" | "script" | "dependencies"> &
    Partial<Pick<Snapshot, "hookName">>
  /** The snapshot's bundle of npm packages, when it names one. */
  bundle?: string
  /** In clear, by name. They go into this run's frame and nowhere else. */
  secrets: Record<string, string>
  /** The checked event (`parseEvent`) as JSON text. */
  event: string
  executionId: string
  attempt: number
  limits: RunLimits
  /** Where its hook's document is; without it the hook has none. */
  storage?: HookStorage
  /** Called when it has answered and goes on, at most once: its report until then. A run with a caller is not begun again. */
  onAnswered?(report: RunReport): void
}

export interface RunLimits {
  /** Wall-clock time in user code. */
  timeoutMs: number
  /** How long it may go on after its answer; without it, until `timeoutMs` is over. */
  afterAnswerMs?: number
  /** JavaScript heap of the thread that runs the hook. */
  heapMb: number
}

/** The part of a logger that executors use. */
export interface ExecutorLog {
  warn(fields: object, message: string): void
}

export interface ExecutorsOptions extends WallOptions {
  /** Runs of one hook version at the same time. */
  threads: number
  /** Result of a hook as JSON text in UTF-8. */
  maxResultBytes: number
  /** Console output kept per run. */
  maxLogBytes: number
  /** Heap for which a blank executor is kept ready; runs with another limit start cold. Default 64. */
  heapMb?: number
  /** Executor processes at once, the blank one apart. Default: what the memory where they run has room for, at most 32. */
  maxExecutors?: number | undefined
  /** Where hooks may connect to. Default: public addresses. */
  egress?: EgressRules
  /** Certificates in PEM that hooks' connections trust besides Node's own. */
  authorities?: readonly string[]
  /** `unix://` and the path of a sandbox service's socket. Default: executors are children of this process. */
  executorUrl?: string | undefined
  log: ExecutorLog
}

export interface ExecutorStats {
  /** `hookVersions` is empty for the blank executor that is kept ready; runs that `goingOn` counts have answered. */
  executors: { pid: number; hookVersions: string[]; running: number; goingOn: number; rssMb: number }[]
}

export interface Executors {
  /**
   * Runs a hook once. User code's failures are values in the report.
   * @throws AppError shutting_down after `close`
   */
  run(task: RunTask, signal: AbortSignal): Promise<RunReport>
  /** What holds native code in an executor, as it was proven at start. */
  readonly wall: StandingWall
  /** Why no hook at all can run now; undefined when hooks can. */
  problem(): string | undefined
  stats(): ExecutorStats
  /** Ends every process at once; what still runs is reported as crashed, for a retry elsewhere. */
  close(): Promise<void>
}
