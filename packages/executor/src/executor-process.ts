import type { ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { Duplex } from "node:stream"
import { AppError, type RunReport } from "@hooklane/core"
import { openFrameLink } from "./contained/frames.ts"
import { startHeartbeat } from "./contained/heartbeat.ts"
import { watchDeath } from "./death.ts"
import { openPendingRuns } from "./pending-runs.ts"
import type { ExecutorSettings, HookCode, ToExecutor } from "./protocol.ts"
import { createReceiver } from "./receive.ts"
import type { RunTask } from "./run-task.ts"
import { webtaskOf } from "./webtask.ts"

/** One executor process as its worker sees it. Everything that it sends is taken for hostile. */
export interface ExecutorProcess {
  readonly pid: number
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
  const { gone, kill } = watchDeath(child)
  const runs = openPendingRuns({ cancel: (id) => send({ type: "cancel", id }), kill })
  const { promise: ready, resolve: onReady, reject: failToBoot } = Promise.withResolvers<void>()
  const receive = createReceiver({ runs, onReady, kill })
  const link = openFrameLink(pipeOf(child), {
    maxBytes: largestFrame(settings),
    onFrame: (message) => {
      heartbeat.heard()
      receive(message)
    },
    onFault: (fault) => kill(`it broke the protocol: ${fault}`),
  })
  const heartbeat = startHeartbeat({
    beat: () => send({ type: "ping" }),
    onSilence: () => kill("it fell silent"),
  })
  const bootTimer = setTimeout(kill, BOOT_LIMIT_MS, "it did not start in time")
  ready.then(
    () => clearTimeout(bootTimer),
    () => clearTimeout(bootTimer),
  )
  void gone.then((reason) => {
    heartbeat.stop()
    failToBoot(new AppError("internal_error", `An executor did not start: ${reason}`))
    runs.endAll(reason)
  })

  function send(message: ToExecutor): void {
    link.send(message)
  }

  return {
    pid: child.pid ?? 0,
    ready,
    gone,
    kill,
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
