import { randomUUID } from "node:crypto"
import type { Socket } from "node:net"
import type { ExecutorHost } from "../executor-host.ts"
import { type Launch, proveLaunch } from "../local-launcher.ts"
import type { ExecutorKind, ExecutorSettings } from "../protocol.ts"
import { type Order, type Report, withoutBlame } from "./protocol.ts"
import type { Room } from "./room.ts"
import { type IdleExecutor, openRoster } from "./roster.ts"

/** What a sandbox service does for one worker: as long as that is connected, and not a moment longer. */
export interface Session {
  /** The worker's name: who starts an executor must know it. */
  readonly id: string
  /** Executors that are not gone. */
  readonly size: number
  take(order: Order): void
  /** Starts an executor that talks over this socket, when there is room. */
  start(wanted: ExecutorKind & { key: string }, socket: Socket): Promise<void>
  findIdlest(): IdleExecutor | undefined
  /** Kills its executors and resolves when they are gone. */
  close(): Promise<void>
}

export interface SessionOptions {
  host: ExecutorHost
  settings: ExecutorSettings
  maxExecutors: number
  room: Room
  report(report: Report): void
}

export function openSession({ host, settings, maxExecutors, room, report }: SessionOptions): Session {
  const id = randomUUID()
  const roster = openRoster(report)
  let launch: Launch | undefined
  let isClosed = false

  void proveLaunch(host, settings).then(
    (proven) => {
      launch = proven
      const { wall, by } = host.enclosure
      report({ type: "welcome", worker: id, maxExecutors, wall: { wall, by } })
    },
    (error: Error) => report({ type: "refused", reason: error.message }),
  )

  function start(key: string, kind: ExecutorKind, socket: Socket): void {
    if (!launch || isClosed || roster.has(key) || socket.destroyed) {
      socket.destroy()
      return
    }
    const executor = launch({ ...settings, ...kind }, socket)
    report({ type: "started", key, pid: executor.pid })
    roster.add(key, executor)
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
    findIdlest: roster.findIdlest,
    async start({ key, ...kind }, socket) {
      const shortage = await room.reserve()
      if (shortage === undefined) {
        start(key, kind, socket)
        room.release()
      } else {
        socket.destroy()
        report({ type: "gone", key, death: withoutBlame(shortage) })
      }
    },
    close() {
      isClosed = true
      return roster.close("its worker is gone")
    },
  }
}
