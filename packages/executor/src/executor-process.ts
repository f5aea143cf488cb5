import type { ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { Duplex } from "node:stream"
import { AppError, type RunReport } from "@hooklane/core"
import { openFrameLink } from "./contained/frames.ts"
import { startHeartbeat } from "./contained/heartbeat.ts"
import { MAX_STORAGE_BYTES } from "./contained/storage-protocol.ts"
import { type DeathReport, watchDeath } from "./death.ts"
import { watchMemory } from "./memory-watch.ts"
import { openPendingRuns } from "./pending-runs.ts"
import type { ExecutorSettings, HookCode, ToExecutor } from "./protocol.ts"
import { createReceiver } from "./receive.ts"
import { createRunStorages } from "./run-storages.ts"
import type { RunTask } from "./run-task.ts"
import { webtaskOf } from "./webtask.ts"

/** One executor process as its worker sees it. Everything that it sends is taken for hostile. */
export interface ExecutorProcess {
  readonly pid: number
  /** @throws AppError internal_error when the process ended before it could be used */
  readonly ready: Promise<void>
  /** Resolves when the process is gone, with the reason. */
  readonly gone: Promise<DeathReport>
  /** Makes it the process of one hook version, once and for ever. */
  bind(hook: HookCode): void
  /** Always resolves: with what the executor answered, or with how it died. */
  run(task: RunTask, signal: AbortSignal): Promise<RunReport>
  /** Asks what it can do and should not. Rejects when it dies over it. */
  prove(port: number): Promise<string[]>
  kill(reason: string): void
}

const BOOT_LIMIT_MS = 10_000
/** Besides the heaps of its threads: buffers, code, and what a thread takes while another takes its place. */
const ALLOWED_MB = 128

export function superviseExecutor(child: ChildProcess, settings: ExecutorSettings): ExecutorProcess {
  const { gone, kill } = watchDeath(child)
  const runs = openPendingRuns({ cancel: (id) => send({ type: "cancel", id }), kill })
  const { promise: ready, resolve: onReady, reject: failToBoot } = Promise.withResolvers<void>()
  const { promise: proof, resolve: onProof, reject: failToProve } = Promise.withResolvers<string[]>()
  proof.catch(() => {})
  const storages = createRunStorages(send)
  const receive = createReceiver({ runs, onReady, onProof, kill, onStorage: storages.take })
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
  const memory = watchMemory({
    pid: child.pid ?? 0,
    allowedMb: ALLOWED_MB + settings.threads * settings.heapMb,
    onExceeded: (limitMb) => kill(`it used more than ${limitMb} MB of memory`, "memory"),
  })
  const bootTimer = setTimeout(kill, BOOT_LIMIT_MS, "it did not start in time")
  ready.then(memory.setBaseline, () => {}).finally(() => clearTimeout(bootTimer))
  void gone.then((death) => {
    heartbeat.stop()
    failToProve(new AppError("internal_error", `An executor could not be tested: ${death.reason}`))
    failToBoot(new AppError("internal_error", `An executor did not start: ${death.reason}`))
    runs.endAll({ ...death, rssMb: memory.rssMb, limitMb: memory.allowedMb })
  })

  function send(message: ToExecutor): void {
    link.send(message)
  }

  return {
    pid: child.pid ?? 0,
    ready,
    gone,
    kill,
    prove(port) {
      send({ type: "prove", port })
      return proof
    },
    bind: (hook) => send({ type: "bind", hook }),
    run(task, signal) {
      const id = randomUUID()
      const release = memory.hold()
      const report = runs.add(id, task, signal).finally(() => {
        storages.end(id)
        release()
      })
      storages.begin(id, task)
      const { timeoutMs } = task.limits
      send({ type: "run", id, timeoutMs, event: task.event, webtask: JSON.stringify(webtaskOf(task)) })
      return report
    },
  }
}

/** JSON inside JSON at most doubles; a control character in console output or an error takes six bytes. */
function largestFrame({ maxResultBytes, maxLogBytes }: ExecutorSettings): number {
  const errorBytes = 65_536
  const callBytes = 512 * 1_024
  return 2 * Math.max(maxResultBytes, MAX_STORAGE_BYTES) + 6 * (maxLogBytes + errorBytes) + callBytes
}

function pipeOf(child: ChildProcess): Duplex {
  const pipe = child.stdio[3]
  if (!(pipe instanceof Duplex))
    throw new AppError("internal_error", "An executor was started without a pipe")
  // A pipe that breaks is a process that ends, which is reported there.
  pipe.on("error", () => {})
  return pipe
}
