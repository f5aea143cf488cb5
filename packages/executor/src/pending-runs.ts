import type { LogLine, Outcome, RunReport } from "@hooklane/core"
import type { DeathReport } from "./death.ts"
import type { DeathCause } from "./protocol.ts"
import { withoutAnswer } from "./report.ts"
import type { RunTask } from "./run-task.ts"

/**
 * The runs inside one executor process, each with the moment by which it must have answered. As many as there are
 * threads are under way; those that came later wait in the process until it says that they have begun.
 */
export interface PendingRuns {
  /** Resolves without a report when the process died before the run had begun. */
  add(id: string, task: RunTask, signal: AbortSignal): Promise<RunReport | undefined>
  /** How long runs of late took, in milliseconds: a moving average. */
  paceMs(): number
  /** The process has begun with a run that waited. */
  begin(id: string): void
  get(id: string): { task: RunTask } | undefined
  settle(id: string, report: RunReport): void
  /** The newest output of a run, for the report if its process dies. */
  keepOutput(id: string, lines: LogLine[]): void
  /** The process is gone. */
  endAll(death: ProcessDeath): void
}

export interface ProcessDeath extends DeathReport {
  /** Memory of the process when it was last looked at; 0 when it was not. */
  rssMb: number
  /** What it may use. */
  limitMb: number
}

export interface PendingRunsPowers {
  threads: number
  /** Asks the executor to stop a run. */
  cancel(id: string): void
  /** Stops the executor, when it does not do what it was asked for. */
  kill(reason: string, cause: DeathCause): void
}

interface PendingRun {
  task: RunTask
  startedAt: number
  /** User code may have run. */
  hasBegun: boolean
  resolve(report: RunReport | undefined): void
  watchdog: NodeJS.Timeout | undefined
  isFinished: boolean
  /** What the run ended with if the process must be killed over it. */
  outcomeIfKilled?: Outcome
  lastOutput: LogLine[]
  forget(): void
}

/** The executor keeps the time of its runs; this much later the worker stops to rely on it. */
const GRACE_MS = 2_000

/** What one run counts in the average, and at most. */
const PACE_SHARE = 0.1
const PACE_CAP_MS = 100

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one process
export function openPendingRuns({ threads, cancel, kill }: PendingRunsPowers): PendingRuns {
  const runs = new Map<string, PendingRun>()
  /** Runs that wait in the process, the oldest first; they are watched from when they should have begun. */
  const waiting = new Set<PendingRun>()
  let paceMs = PACE_CAP_MS
  let death: ProcessDeath | undefined

  function finish(id: string, run: PendingRun, report: RunReport | undefined): void {
    runs.delete(id)
    waiting.delete(run)
    if (report) paceMs += (Math.min(report.runMs, PACE_CAP_MS) - paceMs) * PACE_SHARE
    watchNext()
    run.isFinished = true
    clearTimeout(run.watchdog)
    run.forget()
    run.resolve(report)
  }

  function watch(run: PendingRun, afterMs: number, outcome: Outcome): void {
    const stop = () => {
      if (run.isFinished) return
      run.outcomeIfKilled = outcome
      kill("a run in it could not be stopped", "wall_time")
    }
    clearTimeout(run.watchdog)
    // Not before this process has read its pipes: it may be the one that was late.
    run.watchdog = setTimeout(setImmediate, afterMs, stop)
  }

  /** Whatever the process says of it: there is a thread for it now. */
  function watchNext(): void {
    const [next] = waiting
    if (!next || runs.size - waiting.size >= threads) return
    waiting.delete(next)
    watchTime(next)
  }

  function watchTime(run: PendingRun): void {
    const { timeoutMs } = run.task.limits
    watch(run, timeoutMs + GRACE_MS, { status: "timed_out", afterMs: timeoutMs })
  }

  return {
    paceMs: () => paceMs,
    begin(id) {
      const run = runs.get(id)
      if (run) run.hasBegun = true
    },
    add(id, task, signal) {
      if (death) return Promise.resolve(undefined)
      const { promise, resolve } = Promise.withResolvers<RunReport | undefined>()
      const stop = () => {
        cancel(id)
        watch(run, GRACE_MS, { status: "cancelled" })
      }
      signal.addEventListener("abort", stop, { once: true })
      const run: PendingRun = {
        task,
        startedAt: performance.now(),
        hasBegun: runs.size < threads,
        resolve,
        watchdog: undefined,
        isFinished: false,
        lastOutput: [],
        forget: () => signal.removeEventListener("abort", stop),
      }
      if (run.hasBegun) watchTime(run)
      else waiting.add(run)
      runs.set(id, run)
      return promise
    },
    get: (id) => runs.get(id),
    settle(id, report) {
      const run = runs.get(id)
      if (run) finish(id, run, report)
    },
    keepOutput(id, lines) {
      const run = runs.get(id)
      if (run) run.lastOutput = lines
    },
    endAll(because) {
      death = because
      waiting.clear()
      for (const [id, run] of runs) finish(id, run, run.hasBegun ? reportOf(run, because) : undefined)
    },
  }
}

/** The report of a run whose process is gone. */
function reportOf(run: PendingRun, { reason, cause, rssMb, limitMb }: ProcessDeath): RunReport {
  const ended: Outcome =
    cause === "memory" ? { status: "out_of_memory", limitMb } : { status: "crashed", reason }
  const { startedAt, outcomeIfKilled, lastOutput } = run
  return withoutAnswer(outcomeIfKilled ?? ended, performance.now() - startedAt, {
    reason: outcomeIfKilled?.status === "timed_out" ? "wall_time" : cause,
    ...(rssMb > 0 && { rssMb }),
    lastOutput,
  })
}
