import { type LogLine, type Outcome, type RunReport, TRIGGERS } from "@hooklane/core"
import type { DeathFacts, DeathReport } from "./death.ts"
import { startPatientTimer } from "./processor-wait.ts"
import { withoutAnswer } from "./report.ts"
import type { RunTask } from "./run-task.ts"

/**
 * The runs inside one executor process, each with the moment by which it must have answered. As many as there are
 * threads are under way; those that came later wait in the process until it says that they have begun.
 */
export interface PendingRuns {
  add(id: string, task: RunTask, on: RunEvents): Promise<EndedRun>
  /** How long runs of late took, in milliseconds: a moving average. */
  paceMs(): number
  /** The process has begun with a run that waited. */
  begin(id: string): void
  get(id: string): { task: RunTask } | undefined
  /** A run has answered and goes on; only the first time counts. */
  answer(id: string, report: RunReport): void
  settle(id: string, report: RunReport): void
  /** The newest output of a run, for the report if its process dies. */
  keepOutput(id: string, lines: LogLine[]): void
  /** The process is gone. */
  endAll(death: ProcessDeath): void
}

export interface RunEvents {
  signal: AbortSignal
  /** It goes on after its answer. */
  onAnswered(report: RunReport): void
}

/**
 * How a run left its process.
 * - `answered`: the process told how it ended
 * - `not_begun`: the process died before it
 * - `culprit`: the process died, and this run was the only one that can have been the cause
 * - `suspect`: the process died, and one of several runs was the cause, this one or another
 * - `bystander`: the process died of something else
 */
export type Fate = "answered" | "not_begun" | "culprit" | "suspect" | "bystander"

export interface EndedRun {
  report: RunReport
  fate: Fate
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
  kill(reason: string, facts: DeathFacts): void
  /** How long the executor has waited for a processor. */
  waitedMs(): number
}

interface PendingRun {
  task: RunTask
  startedAt: number
  /** User code may have run. */
  hasBegun: boolean
  resolve(ended: EndedRun): void
  /** Ends the wait for its end. */
  unwatch(): void
  isFinished: boolean
  /** What the run ended with if the process must be killed over it. */
  outcomeIfKilled?: Outcome
  lastOutput: LogLine[]
  /** What it answered, and when. */
  answered: { report: RunReport; at: number } | undefined
  onAnswered(report: RunReport): void
  forget(): void
}

/**
 * The executor keeps the time of its runs; this much later the worker stops to rely on it. Time in which the executor
 * waits for a processor does not count; it is looked at in the second half, to spare runs that end in time.
 */
const GRACE_MS = 2_000

/** What one run counts in the average, and at most. */
const PACE_SHARE = 0.1
const PACE_CAP_MS = 100

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one process
export function openPendingRuns({ threads, cancel, kill, waitedMs }: PendingRunsPowers): PendingRuns {
  const runs = new Map<string, PendingRun>()
  /** Runs that wait in the process, the oldest first; they are watched from when they should have begun. */
  const waiting = new Set<PendingRun>()
  /** Runs that have answered; a thread less is free for others, but they do not wait for it. */
  let goingOn = 0
  let paceMs = PACE_CAP_MS
  let death: ProcessDeath | undefined

  function finish(id: string, run: PendingRun, ended: EndedRun): void {
    runs.delete(id)
    waiting.delete(run)
    if (run.answered) goingOn -= 1
    paceMs += (Math.min(ended.report.runMs, PACE_CAP_MS) - paceMs) * PACE_SHARE
    watchNext()
    run.isFinished = true
    run.unwatch()
    run.forget()
    run.resolve(ended)
  }

  function watch(run: PendingRun, afterMs: number, outcome: Outcome): void {
    const stop = () => {
      if (run.isFinished) return
      run.outcomeIfKilled = outcome
      kill("a run in it could not be stopped", { cause: "wall_time" })
    }
    run.unwatch()
    const timer = setTimeout(
      () => {
        run.unwatch = startPatientTimer({ limitMs: GRACE_MS / 2, waitedMs, onOver: stop })
      },
      afterMs + GRACE_MS / 2,
    )
    run.unwatch = () => clearTimeout(timer)
  }

  /** Whatever the process says of it: there is a thread for it now. */
  function watchNext(): void {
    const [next] = waiting
    if (!next || runs.size - goingOn - waiting.size >= threads) return
    waiting.delete(next)
    watchTime(next)
  }

  function watchTime(run: PendingRun): void {
    const { timeoutMs } = run.task.limits
    watch(run, timeoutMs, { status: "timed_out", afterMs: timeoutMs })
  }

  return {
    paceMs: () => paceMs,
    begin(id) {
      const run = runs.get(id)
      if (run) run.hasBegun = true
    },
    add(id, task, { signal, onAnswered }) {
      if (death) return Promise.resolve(neverBegun(death.reason))
      const { promise, resolve } = Promise.withResolvers<EndedRun>()
      const stop = () => {
        cancel(id)
        watch(run, 0, { status: "cancelled" })
      }
      signal.addEventListener("abort", stop, { once: true })
      const run: PendingRun = {
        task,
        startedAt: performance.now(),
        hasBegun: runs.size - goingOn < threads,
        resolve,
        unwatch: () => {},
        isFinished: false,
        lastOutput: [],
        answered: undefined,
        onAnswered,
        forget: () => signal.removeEventListener("abort", stop),
      }
      if (run.hasBegun) watchTime(run)
      else waiting.add(run)
      runs.set(id, run)
      return promise
    },
    get: (id) => runs.get(id),
    answer(id, report) {
      const run = runs.get(id)
      if (!run || run.answered) return
      run.answered = { report, at: performance.now() }
      run.hasBegun = true
      goingOn += 1
      waiting.delete(run)
      const { timeoutMs, afterAnswerMs = Math.max(0, timeoutMs - report.runMs) } = run.task.limits
      watch(run, afterAnswerMs, { status: "timed_out", afterMs: timeoutMs })
      watchNext()
      run.onAnswered(report)
    },
    settle(id, report) {
      const run = runs.get(id)
      if (run) finish(id, run, { report: withAnswer(run, report), fate: "answered" })
    },
    keepOutput(id, lines) {
      const run = runs.get(id)
      if (run) run.lastOutput = lines
    },
    endAll(because) {
      death = because
      waiting.clear()
      const ends = judgeDeath(runs, because)
      for (const [id, run] of runs) finish(id, run, ends(id, run))
    },
  }
}

/** What a run answered ahead of its end is what it answered. */
function withAnswer({ answered }: PendingRun, report: RunReport): RunReport {
  return answered ? { ...report, outcome: answered.report.outcome, runMs: answered.report.runMs } : report
}

/** What the death of a process means for each of the runs that were in it. */
function judgeDeath(
  runs: ReadonlyMap<string, PendingRun>,
  death: ProcessDeath,
): (id: string, run: PendingRun) => EndedRun {
  const untouched = new Set(death.untouched)
  const inside = [...runs]
    .filter(([id, { hasBegun }]) => hasBegun && !untouched.has(id))
    .map(([, run]) => run)
  // The process had to be killed over it.
  const known = inside.find(({ outcomeIfKilled }) => outcomeIfKilled)
  const { blame = "inside" } = death
  const isBeyondDoubt = blame === "inside" && inside.length === 1

  return (id, run) => {
    if (!run.hasBegun || untouched.has(id)) return neverBegun(death.reason)
    if (run === known || isBeyondDoubt)
      return { report: reportOf(run, death, endOf(run, death)), fate: "culprit" }
    const fate = known || blame === "earlier" || blame === "nobody" ? "bystander" : "suspect"
    return { report: reportOf(run, death, { status: "executor_lost", reason: death.reason }), fate }
  }
}

/** What becomes of a run that its process did not begin. */
export function neverBegun(reason: string): EndedRun {
  return { report: withoutAnswer({ status: "no_executor", reason }), fate: "not_begun" }
}

function endOf({ outcomeIfKilled }: PendingRun, { reason, cause, limitMb }: ProcessDeath): Outcome {
  if (outcomeIfKilled) return outcomeIfKilled
  return cause === "memory" ? { status: "out_of_memory", limitMb } : { status: "crashed", reason }
}

/** The report of a run whose process is gone. */
function reportOf(run: PendingRun, { cause, rssMb }: ProcessDeath, outcome: Outcome): RunReport {
  const { startedAt, outcomeIfKilled, lastOutput, answered, task } = run
  const report = withoutAnswer(outcome, performance.now() - startedAt, {
    reason: outcomeIfKilled?.status === "timed_out" ? "wall_time" : cause,
    ...(rssMb > 0 && { rssMb }),
    lastOutput,
  })
  // Its caller has the answer.
  if (!answered || TRIGGERS[task.snapshot.triggerId].mode === "async") return report
  const { kill } = report
  const afterAnswer = { ms: performance.now() - answered.at, cut: [], outcome }
  return { ...answered.report, ...(kill && { kill }), afterAnswer }
}
