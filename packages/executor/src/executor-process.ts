import type { ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { Duplex } from "node:stream"
import { AppError, type RunReport } from "@hooklane/core"
import { openFrameLink } from "./contained/frames.ts"
import { startHeartbeat } from "./contained/heartbeat.ts"
import { watchDeath } from "./death.ts"
import { openPendingRuns } from "./pending-runs.ts"
import {
  type Answer,
  type ExecutorSettings,
  fromExecutorSchema,
  type HookCode,
  type ToExecutor,
} from "./protocol.ts"
import { toReport } from "./report.ts"
import type { RunTask } from "./run-task.ts"
import { webtaskOf } from "./webtask.ts"

/** One executor process as its worker sees it. Everything that it sends is taken for hostile. */
export interface ExecutorProcess {
  readonly pid: number
  readonly heapMb: number
  /** @throws AppError internal_error when the process ended before it could be used */
  readonly ready: Promise<void>
  /** Resolves when the process is gone, with the reason. */
  readonly gone: Promise<string>
  /** Makes it the process of one hook version, once and for ever. */
  bind(hook: HookCode): void
  /** Always resolves: with what the executor answered, or with how it died. */
  run(task: RunTask, signal: AbortSignal): Promise<RunReport>
  kill(reason: string): void
}

const BOOT_LIMIT_MS = 10_000

export function superviseExecutor(child: ChildProcess, settings: ExecutorSettings): ExecutorProcess {
  const death = watchDeath(child)
  const runs = openPendingRuns({ cancel: (id) => send({ type: "cancel", id }), kill: death.kill })
  const { promise: ready, resolve: becomeReady, reject: failToBoot } = Promise.withResolvers<void>()
  const bootTimer = setTimeout(death.kill, BOOT_LIMIT_MS, "it did not start in time")
  const link = openFrameLink(pipeOf(child), {
    maxBytes: largestFrame(settings),
    onFrame: (message) => {
      heartbeat.heard()
      receive(message)
    },
    onFault: violation,
  })
  const heartbeat = startHeartbeat({
    beat: () => send({ type: "ping" }),
    onSilence: () => death.kill("it fell silent"),
  })
  void death.gone.then(endAll)
  // Who starts a process and never looks at `ready` learns of its death through `gone`.
  ready.catch(() => {})

  function receive(message: unknown): void {
    const parsed = fromExecutorSchema.safeParse(message)
    if (!parsed.success) return violation("a frame of unknown form")
    switch (parsed.data.type) {
      case "ready":
        clearTimeout(bootTimer)
        return becomeReady()
      case "answer":
        return settle(parsed.data)
      case "farewell":
        return death.kill(parsed.data.reason)
      case "pong":
        return
      default:
        parsed.data satisfies never
    }
  }

  function settle(answer: Answer): void {
    const pending = runs.get(answer.id)
    if (!pending) return violation("an answer to no run")
    let report: RunReport
    try {
      report = toReport(answer, pending.task)
    } catch {
      return violation("an answer that cannot be read")
    }
    runs.settle(answer.id, report)
  }

  function violation(reason: string): void {
    death.kill(`it broke the protocol: ${reason}`)
  }

  function endAll(reason: string): void {
    clearTimeout(bootTimer)
    heartbeat.stop()
    failToBoot(new AppError("internal_error", `An executor did not start: ${reason}`))
    runs.endAll(reason)
  }

  function send(message: ToExecutor): void {
    link.send(message)
  }

  return {
    pid: child.pid ?? 0,
    heapMb: settings.heapMb,
    ready,
    gone: death.gone,
    kill: death.kill,
    bind: (hook) => send({ type: "bind", hook }),
    run(task, signal) {
      const id = randomUUID()
      const report = runs.add(id, task, signal)
      const { timeoutMs } = task.limits
      send({ type: "run", id, timeoutMs, event: task.event, webtask: JSON.stringify(webtaskOf(task)) })
      return report
    },
  }
}

/** JSON inside JSON at most doubles; a control character in console output or an error takes six bytes. */
function largestFrame({ maxResultBytes, maxLogBytes }: ExecutorSettings): number {
  const errorBytes = 65_536
  return 2 * maxResultBytes + 6 * (maxLogBytes + errorBytes) + 65_536
}

function pipeOf(child: ChildProcess): Duplex {
  const pipe = child.stdio[3]
  if (!(pipe instanceof Duplex))
    throw new AppError("internal_error", "An executor was started without a pipe")
  // A pipe that breaks is a process that ends, which is reported there.
  pipe.on("error", () => {})
  return pipe
}
