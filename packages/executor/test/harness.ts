import { randomUUID } from "node:crypto"
import { type RunReport, TRIGGERS, type TriggerId } from "@hooklane/core"
import { type Executors, type ExecutorsOptions, type RunTask, startExecutors } from "../src/index.ts"

/** Executors with the product's own limits. */
export function start(options: Partial<ExecutorsOptions> = {}): Promise<Executors> {
  return startExecutors({
    threads: 2,
    maxResultBytes: 262_144,
    maxLogBytes: 65_536,
    maxExecutors: 4,
    egress: { mode: "public", allow: [], exceptions: [] },
    bwrap: process.env["HOOKLANE_BWRAP"],
    log: { warn: () => {} },
    ...options,
  })
}

export interface TaskOptions {
  triggerId?: TriggerId
  /** One version for each call, unless it is named. */
  versionId?: string
  event?: object
  secrets?: Record<string, string>
  timeoutMs?: number
  heapMb?: number
}

export function taskOf(script: string, options: TaskOptions = {}): RunTask {
  const { triggerId = "pre-user-registration", timeoutMs = 10_000, heapMb = 64 } = options
  return {
    snapshot: {
      versionId: options.versionId ?? randomUUID(),
      hookId: "01HOOK",
      triggerId,
      script,
      dependencies: {},
    },
    secrets: options.secrets ?? {},
    event: JSON.stringify(options.event ?? TRIGGERS[triggerId].sampleEvent),
    executionId: "exe_1",
    attempt: 1,
    limits: { timeoutMs, heapMb },
  }
}

export const noAbort = new AbortController().signal

/** Runs `body` as the body of a hook function of the trigger's own signature. */
export function runBody(executors: Executors, body: string, options: TaskOptions = {}): Promise<RunReport> {
  const { parameters } = TRIGGERS[options.triggerId ?? "pre-user-registration"]
  const script = `module.exports = function (${[...parameters, "cb"].join(", ")}) { ${body} }`
  return executors.run(taskOf(script, options), noAbort)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export function pidsOf(executors: Executors): number[] {
  return executors.stats().executors.map(({ pid }) => pid)
}
