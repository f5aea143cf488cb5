import type { Outcome, RunReport } from "@hooklane/core"
import { withoutAnswer } from "./report.ts"
import type { RunTask } from "./run-task.ts"

/** The runs inside one executor process, each with the moment by which it must have answered. */
export interface PendingRuns {
  add(id: string, task: RunTask, signal: AbortSignal): Promise<RunReport>
  get(id: string): { task: RunTask } | undefined
  settle(id: string, report: RunReport): void
  /** The process is gone. */
  endAll(reason: string): void
}

export interface PendingRunsPowers {
  /** Asks the executor to stop a run. */
  cancel(id: string): void
  /** Stops the executor, when it does not do what it was asked for. */
  kill(reason: string): void
}

interface PendingRun {
  task: RunTask
  startedAt: number
  resolve(report: RunReport): void
  watchdog: NodeJS.Timeout | undefined
  isFinished: boolean
  /** What the run ended with if the process must be killed over it. */
  outcomeIfKilled?: Outcome
  forget(): void
}

/** The executor keeps the time of its runs; this much later the worker stops to rely on it. */
const GRACE_MS = 2_000

export function openPendingRuns({ cancel, kill }: PendingRunsPowers): PendingRuns {
  const runs = new Map<string, PendingRun>()
  let death: string | undefined

  function finish(id: string, run: PendingRun, report: RunReport): void {
    runs.delete(id)
    run.isFinished = true
    clearTimeout(run.watchdog)
    run.forget()
    run.resolve(report)
  }

  function watch(run: PendingRun, afterMs: number, outcome: Outcome): void {
    const stop = () => {
      if (run.isFinished) return
      run.outcomeIfKilled = outcome
      kill("a run in it could not be stopped")
    }
    clearTimeout(run.watchdog)
    // Not before this process has read its pipes: it may be the one that was late.
    run.watchdog = setTimeout(setImmediate, afterMs, stop)
  }

  return {
    add(id, task, signal) {
      if (death !== undefined) return Promise.resolve(withoutAnswer({ status: "crashed", reason: death }))
      const { promise, resolve } = Promise.withResolvers<RunReport>()
      const stop = () => {
        cancel(id)
        watch(run, GRACE_MS, { status: "cancelled" })
      }
      signal.addEventListener("abort", stop, { once: true })
      const { timeoutMs } = task.limits
      const run: PendingRun = {
        task,
        startedAt: performance.now(),
        resolve,
        watchdog: undefined,
        isFinished: false,
        forget: () => signal.removeEventListener("abort", stop),
      }
      watch(run, timeoutMs + GRACE_MS, { status: "timed_out", afterMs: timeoutMs })
      runs.set(id, run)
      return promise
    },
    get: (id) => runs.get(id),
    settle(id, report) {
      const run = runs.get(id)
      if (run) finish(id, run, report)
    },
    endAll(reason) {
      death = reason
      for (const [id, run] of runs) {
        const outcome = run.outcomeIfKilled ?? { status: "crashed", reason }
        finish(id, run, withoutAnswer(outcome, performance.now() - run.startedAt))
      }
    },
  }
}
