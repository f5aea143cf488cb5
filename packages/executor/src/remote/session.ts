import { randomUUID } from "node:crypto"
import type { Socket } from "node:net"
import type { ExecutorHost } from "../executor-host.ts"
import { type Launch, proveLaunch } from "../local-launcher.ts"
import type { ExecutorKind, ExecutorSettings } from "../protocol.ts"
import type { Order, Report } from "./protocol.ts"
import { openRoster } from "./roster.ts"

/** What a sandbox service does for one worker: as long as that is connected, and not a moment longer. */
export interface Session {
  /** The worker's name: who starts an executor must know it. */
  readonly id: string
  /** Executors that are not gone. */
  readonly size: number
  take(order: Order): void
  /** Starts an executor that talks over this socket. */
  start(wanted: ExecutorKind & { key: string }, socket: Socket): void
  /** Kills its executors and resolves when they are gone. */
  close(): Promise<void>
}

export interface SessionOptions {
  host: ExecutorHost
  settings: ExecutorSettings
  maxExecutors: number
  /** Why there is no room for one more executor; undefined when there is. */
  fullness(): string | undefined
  report(report: Report): void
}

export function openSession({ host, settings, maxExecutors, fullness, report }: SessionOptions): Session {
  const id = randomUUID()
  const roster = openRoster(report)
  let launch: Launch | undefined
  let isClosed = false

  void proveLaunch(host, settings).then(
    (proven) => {
      launch = proven
      report({ type: "welcome", worker: id, maxExecutors })
    },
    (error: Error) => report({ type: "refused", reason: error.message }),
  )

  function refuse(key: string, reason: string): void {
    const death = { reason, cause: "crash", isBlameless: true, rssMb: 0, limitMb: 0 } as const
    report({ type: "gone", key, death })
  }

  return {
    id,
    get size() {
      return roster.size
    },
    take(order) {
      if (order.type === "ping") report({ type: "pong" })
      else roster.take(order)
    },
    start({ key, ...kind }, socket) {
      const reason = fullness()
      if (reason !== undefined) refuse(key, reason)
      if (reason !== undefined || !launch || isClosed || roster.has(key) || socket.destroyed) {
        socket.destroy()
        return
      }
      const executor = launch({ ...settings, ...kind }, socket)
      report({ type: "started", key, pid: executor.pid })
      roster.add(key, executor)
    },
    close() {
      isClosed = true
      return roster.close("its worker is gone")
    },
  }
}
