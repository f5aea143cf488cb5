import type { StandingWall } from "@hooklane/core"
import type { WallOptions } from "./executor-host.ts"
import type { LaunchedExecutor } from "./launched-executor.ts"
import { openLocalLauncher } from "./local-launcher.ts"
import type { ExecutorSettings } from "./protocol.ts"
import { connectToSandbox } from "./remote/remote-launcher.ts"
import type { ExecutorLog } from "./run-task.ts"

/** Starts executors whose walls were proven: as children of this process, or in a sandbox service. */
export interface Launcher {
  /** Executors at once, the blank one apart: as was set, or what the memory there has room for. */
  readonly maxExecutors: number
  /** What holds executors there, as it was proven. */
  readonly wall: StandingWall
  launch(settings: ExecutorSettings): LaunchedExecutor
  /** Why no executor can be started just now, and it is no hook's fault; undefined when one can. */
  problem(): string | undefined
  close(): Promise<void>
}

export interface LauncherOptions {
  /** `unix://` and the path of a sandbox service's socket; undefined for children of this process. */
  executorUrl: string | undefined
  maxExecutors: number | undefined
  log: ExecutorLog
  /** Of the executors that most hooks will have. */
  settings: ExecutorSettings
  walls: WallOptions
}

/** @throws AppError when no executor can be started, or one would not contain a hook */
export function openLauncher({ executorUrl: url, ...options }: LauncherOptions): Promise<Launcher> {
  return url === undefined ? openLocalLauncher(options) : connectToSandbox({ url, ...options })
}
