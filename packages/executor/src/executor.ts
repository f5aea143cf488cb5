import { readFileSync } from "node:fs"
import { totalmem } from "node:os"
import { AppError, type RunReport, TRIGGERS } from "@hooklane/core"
import { createCrashHistory } from "./crash-history.ts"
import { type ExecutorProcess, superviseExecutor } from "./executor-process.ts"
import { launchExecutor } from "./launch.ts"
import { createPlaces } from "./places.ts"
import type { HookCode } from "./protocol.ts"
import { withoutAnswer } from "./report.ts"
import type { Executors, ExecutorsOptions, RunTask } from "./run-task.ts"
import { makeRuntimeFolder } from "./runtime-folder.ts"
import { keepSpare } from "./spare.ts"

const DEFAULT_HEAP_MB = 64
const MAX_EXECUTORS = 32
/** What one executor takes at rest, with room to work. */
const EXECUTOR_BYTES = 120 * 1024 * 1024

/**
 * Starts the processes that run hooks: one for each hook version in use, and a blank one kept ready.
 * @throws AppError internal_error when an executor cannot be started here
 */
export async function startExecutors(options: ExecutorsOptions): Promise<Executors> {
  const { threads, maxResultBytes, maxLogBytes, log, heapMb = DEFAULT_HEAP_MB } = options
  const runtime = await makeRuntimeFolder()
  const living = new Set<ExecutorProcess>()
  const spare = keepSpare(boot, heapMb)
  const places = createPlaces({
    threads,
    maxProcesses: options.maxExecutors ?? defaultMaxExecutors(),
    crashes: createCrashHistory(),
    takeProcess: spare.take,
    onDeath: (death) => log.warn(death, "executor died"),
  })
  let isClosed = false

  function boot(wantedHeapMb: number): ExecutorProcess {
    const settings = { threads, heapMb: wantedHeapMb, maxResultBytes, maxLogBytes }
    const process = superviseExecutor(launchExecutor(runtime, settings), settings)
    living.add(process)
    void process.gone.then(() => living.delete(process))
    return process
  }

  async function run(task: RunTask, signal: AbortSignal): Promise<RunReport> {
    if (isClosed) throw new AppError("shutting_down", "The executors are closed")
    const admission = await places.admit({
      versionId: task.snapshot.versionId,
      heapMb: task.limits.heapMb,
      hook: () => hookCodeOf(task),
      signal,
      patienceMs: task.limits.timeoutMs,
    })
    if (admission.status === "refused") return withoutAnswer(admission.outcome)
    try {
      return await admission.process.run(task, signal)
    } finally {
      admission.leave()
    }
  }

  async function close(): Promise<void> {
    isClosed = true
    places.close()
    spare.close()
    const gone = [...living].map((process) => {
      process.kill("the worker is closing")
      return process.gone
    })
    await Promise.all(gone)
    await runtime.remove()
  }

  try {
    await spare.process?.ready
  } catch (error) {
    await close()
    throw error
  }
  return {
    run,
    stats: () => {
      const seated = [...places.all()].map(({ versionId, pid, running }) => ({
        pid,
        hookVersions: [versionId],
        running,
        rssMb: rssMb(pid),
      }))
      const blank = spare.process
      if (!blank) return { executors: seated }
      return {
        executors: [...seated, { pid: blank.pid, hookVersions: [], running: 0, rssMb: rssMb(blank.pid) }],
      }
    },
    close,
  }
}

function hookCodeOf({ snapshot }: RunTask): HookCode {
  const { parameters, errorClasses, emptyResult, contextArgument } = TRIGGERS[snapshot.triggerId]
  return { script: snapshot.script, signature: { parameters, errorClasses, emptyResult, contextArgument } }
}

function defaultMaxExecutors(): number {
  const memory = process.constrainedMemory() || totalmem()
  const byMemory = Math.floor(Math.min(memory, totalmem()) / 2 / EXECUTOR_BYTES)
  return Math.max(1, Math.min(MAX_EXECUTORS, byMemory))
}

/** Resident memory of a process in MB; 0 where it cannot be read, as on anything but Linux. */
function rssMb(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1])
    return Math.round((pages * 4096) / 1024 / 1024)
  } catch {
    return 0
  }
}
