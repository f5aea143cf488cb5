import { type Outcome, type RunReport, TRIGGERS } from "@hooklane/core"
import type { CrashHistory } from "./crash-history.ts"
import type { EndedRun } from "./pending-runs.ts"
import type { Places, Visitor } from "./places.ts"
import { withoutAnswer } from "./report.ts"
import type { RunTask } from "./run-task.ts"
import type { Suspects } from "./suspects.ts"

export interface RunDeps {
  places: Pick<Places, "admit">
  crashes: Pick<CrashHistory, "survive">
  suspects: Suspects
}

/** So often a run that nothing speaks against is begun anew after its process died. */
const MAX_DEATHS = 3

/**
 * Runs a task until it is known how it ended. When its process dies over something else, nobody waits for its answer,
 * and the run is begun again: where it may itself have been the cause, alone in a process of its own, so that the cause
 * is found and the others come to their end. A run with a caller is not begun twice.
 */
export async function runToEnd(
  deps: RunDeps,
  { task, visitor, signal }: { task: RunTask; visitor: Omit<Visitor, "isAlone">; signal: AbortSignal },
): Promise<RunReport> {
  const { executionId, snapshot } = task
  const isRepeatable = TRIGGERS[snapshot.triggerId].mode === "async"
  for (let deaths = 1; ; deaths += 1) {
    const { report, fate } = await runOnce(deps, { task, visitor, signal })
    if (fate === "answered") deps.crashes.survive(snapshot.versionId)
    if (isRepeatable && (fate === "suspect" || fate === "culprit")) deps.suspects.add(executionId)
    const mayRepeat = fate === "not_begun" || (isRepeatable && (fate === "suspect" || fate === "bystander"))
    if (!mayRepeat || signal.aborted) return report
    if (deaths === MAX_DEATHS) return fate === "not_begun" ? report : asCrash(report)
  }
}

async function runOnce(
  { places, suspects }: RunDeps,
  { task, visitor, signal }: Parameters<typeof runToEnd>[1],
): Promise<EndedRun | { report: RunReport; fate: "refused" }> {
  const waited = await places.admit({ ...visitor, isAlone: suspects.has(task.executionId) })
  if ("refusal" in waited) return { report: withoutAnswer(waited.refusal), fate: "refused" }
  const { process, goOn, leave } = waited.admission
  const onAnswered = (report: RunReport) => {
    goOn()
    task.onAnswered?.(report)
  }
  return process.run(task, signal, onAnswered).finally(leave)
}

/** It was alone, and its process died again and again: nothing else is left that could be the cause. */
function asCrash(report: RunReport): RunReport {
  const { outcome } = report
  if (outcome.status !== "executor_lost") return report
  const reason = `its process ended ${MAX_DEATHS} times in a row: ${outcome.reason}`
  return { ...report, outcome: { status: "crashed", reason } satisfies Outcome }
}
