import { connect, type Socket } from "node:net"
import type { Duplex } from "node:stream"
import { encodeFrame } from "../contained/frames.ts"
import type { DeathReport } from "../death.ts"
import type { EgressListener } from "../egress-link.ts"
import type { LaunchedExecutor } from "../launched-executor.ts"
import type { ProcessDeath } from "../pending-runs.ts"
import type { ExecutorKind } from "../protocol.ts"
import type { Control } from "./control.ts"
import { type Greeting, withoutBlame } from "./protocol.ts"
import { openRemoteEgress } from "./remote-egress.ts"
import { createWatchOrders } from "./watch-orders.ts"

/** An executor that a sandbox service starts and watches for this worker. */
export interface RemoteExecutor extends LaunchedExecutor {
  onStarted(pid: number): void
  onMemory(figures: { pid: number; rssMb: number }): void
  onWaited(waitedMs: number): void
  /** What is reported of its line to the egress broker. */
  readonly onLine: EgressListener
  onGone(death: ProcessDeath): void
  /** Gives it back, unless a run is inside. From then on it is gone: no run may enter it any more. */
  onWanted(): void
  /** Nobody can tell any more what becomes of it. Closing its connection ends it. */
  giveUp(reason: string): void
}

export interface RemoteExecutorOptions {
  path: string
  control: Control
  key: string
  kind: ExecutorKind
}

/** A service that does not report the end of an executor in this time is out of order. */
const KILL_LIMIT_MS = 5_000
/** What a process sent before its end is here by then. */
const READ_LIMIT_MS = 1_000

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one executor
export function openRemoteExecutor({ path, control, key, kind }: RemoteExecutorOptions): RemoteExecutor {
  const { promise: stream, resolve: onStream } = Promise.withResolvers<Duplex>()
  const { promise: gone, resolve: onDead } = Promise.withResolvers<ProcessDeath>()
  const watch = createWatchOrders((isBusy) => control.order({ type: "watch", key, isBusy }))
  const egress = openRemoteEgress(control, key)
  const socket = connect(path)
  let pid = 0
  let rssMb = 0
  let waitedMs = 0
  let told: DeathReport | undefined
  let killTimer: NodeJS.Timeout | undefined
  let lossTimer: NodeJS.Timeout | undefined
  let isEnding = false

  socket.on("error", () => {})
  // The service says why, over its own connection; when it does not, it has not begun.
  socket.on("close", () => {
    if (pid === 0 && !isEnding)
      lossTimer = setTimeout(end, READ_LIMIT_MS, withoutBlame("its connection was closed"))
  })
  // Not through a link, which would read what is the executor's to say.
  const greeting: Greeting = { type: "executor", worker: control.worker, key, ...kind }
  socket.write(encodeFrame(greeting))

  function end(death: ProcessDeath): void {
    isEnding = true
    clearTimeout(killTimer)
    clearTimeout(lossTimer)
    watch.close()
    void hasEnded(socket, pid > 0).then(() => onDead({ ...death, ...told }))
  }

  return {
    get pid() {
      return pid
    },
    get rssMb() {
      return rssMb
    },
    stream,
    gone,
    egress: egress.link,
    onLine: egress.told,
    kill(reason, facts) {
      told ??= { reason, cause: "crash", ...facts }
      control.order({ type: "kill", key })
      killTimer ??= setTimeout(control.close, KILL_LIMIT_MS, "it did not end an executor")
    },
    setBaseline: () => control.order({ type: "set_baseline", key }),
    hold: watch.hold,
    onStarted(startedPid) {
      pid = startedPid
      onStream(socket)
      // It may have been given up before it was there.
      if (told) control.order({ type: "kill", key })
    },
    onMemory(figures) {
      pid = figures.pid
      rssMb = figures.rssMb
    },
    onWaited(reportedMs) {
      waitedMs = reportedMs
    },
    waitedMs: () => waitedMs,
    onGone: end,
    onWanted() {
      if (watch.isHeld) return
      control.order({ type: "kill", key })
      onDead(withoutBlame("its place was needed"))
      end(withoutBlame("its place was needed"))
    },
    giveUp(reason) {
      egress.told.onClosed({ because: "closed" })
      socket.destroy()
      end({ ...withoutBlame(reason), rssMb })
    },
  }
}

/** Resolves when all was read that the executor had sent; nobody reads what one sent that was never used. */
async function hasEnded(socket: Socket, isRead: boolean): Promise<void> {
  if (socket.closed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once("close", () => resolve())
  const timer = setTimeout(() => socket.destroy(), isRead ? READ_LIMIT_MS : 0)
  await promise
  clearTimeout(timer)
}
