import { AppError, type Outcome, type RunReport, TRIGGERS } from "@hooklane/core"
import type { EgressRules } from "./contained/egress/egress-rules.ts"
import { createCrashHistory } from "./crash-history.ts"
import { readDirectives } from "./hook-directives.ts"
import { openLauncher } from "./launcher.ts"
import { createPlaces, type Visitor } from "./places.ts"
import { openProcesses } from "./processes.ts"
import type { ExecutorKind, HookCode } from "./protocol.ts"
import { createRedactor } from "./redact.ts"
import { redactReport } from "./redact-report.ts"
import { withoutAnswer } from "./report.ts"
import type { Executors, ExecutorsOptions, RunTask } from "./run-task.ts"
import { runToEnd } from "./run-to-end.ts"
import { keepSpare } from "./spare.ts"
import { statsOf } from "./stats.ts"
import { createSuspects } from "./suspects.ts"

const DEFAULT_HEAP_MB = 64
const PUBLIC: EgressRules = { mode: "public", allow: [], exceptions: [] }
/** Why runs end that were inside, or waiting, when their worker closed. */
const CLOSING = "the worker is closing"
/** A short time limit is the hook's, not that of a process which starts on a busy machine. */
const MIN_PATIENCE_MS = 5_000

/**
 * Starts the processes that run hooks: one for each hook version in use, and a blank one kept ready.
 * @throws AppError internal_error when an executor cannot be started here, or would not contain a hook
 */
export async function startExecutors(options: ExecutorsOptions): Promise<Executors> {
  const { threads, maxResultBytes, maxLogBytes, log, heapMb = DEFAULT_HEAP_MB, egress = PUBLIC } = options
  const settings = { threads, maxResultBytes, maxLogBytes, egress }
  const blank: ExecutorKind = { heapMb }
  const launcher = await openLauncher({
    executorUrl: options.executorUrl,
    maxExecutors: options.maxExecutors,
    log,
    settings: { ...settings, ...blank },
    walls: options,
  })
  const processes = openProcesses(launcher, settings)
  const spare = keepSpare(processes.boot, blank)
  // The first run would wait for it; until then other workers take what comes. Why it may fail is reported there.
  await spare.process?.ready.catch(() => {})
  const crashes = createCrashHistory()
  const places = createPlaces({
    maxProcesses: launcher.maxExecutors,
    problem: launcher.problem,
    crashes,
    takeProcess: spare.take,
    onDeath: (death) => log.warn(death, "executor died"),
  })
  const deps = { places, crashes, suspects: createSuspects() }
  const { authorities = [] } = options
  let isClosed = false

  async function run(task: RunTask, signal: AbortSignal): Promise<RunReport> {
    if (isClosed) throw new AppError("shutting_down", "The executors are closed")
    const read = readDirectives(task.snapshot.script)
    if ("fault" in read) {
      return redactReport(withoutAnswer(notCompiled(read.fault)), createRedactor(task.secrets))
    }
    const visitor = visitorOf(task, { authorities, directives: read.directives }, signal)
    return runToEnd(deps, { task, visitor, signal })
  }

  async function close(): Promise<void> {
    isClosed = true
    places.close(CLOSING)
    spare.close()
    await processes.close(CLOSING)
    await launcher.close()
  }

  return { run, wall: launcher.wall, problem: launcher.problem, stats: () => statsOf(places, spare), close }
}

function notCompiled(fault: string): Outcome {
  const message = "Unable to compile the extensibility code as javascript"
  return {
    status: "not_compiled",
    error: { name: "Error", message, properties: { error_description: fault } },
  }
}

/** Under which a hook runs. */
type Conditions = Pick<HookCode, "directives" | "authorities">

function visitorOf(task: RunTask, conditions: Conditions, signal: AbortSignal): Omit<Visitor, "isAlone"> {
  const { snapshot, limits } = task
  return {
    versionId: snapshot.versionId,
    heapMb: limits.heapMb,
    hook: () => hookCodeOf(task, conditions),
    signal,
    patienceMs: Math.max(limits.timeoutMs, MIN_PATIENCE_MS),
  }
}

/** What nobody waits for gets a tenth of the processor when others want it: a backlog must not slow calls down. */
const ASYNC_NICENESS = 10

function hookCodeOf({ snapshot, bundle }: RunTask, conditions: Conditions): HookCode {
  const { parameters, errorClasses, emptyResult, contextArgument, mode } = TRIGGERS[snapshot.triggerId]
  const niceness = mode === "async" ? ASYNC_NICENESS : 0
  const signature = { parameters, errorClasses, emptyResult, contextArgument }
  return {
    script: snapshot.script,
    signature,
    niceness,
    ...conditions,
    ...(bundle !== undefined && { bundle }),
  }
}
