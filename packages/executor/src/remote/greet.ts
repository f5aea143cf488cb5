import type { Socket } from "node:net"
import { openFrameLink } from "../contained/frames.ts"
import { startHeartbeat } from "../contained/heartbeat.ts"
import {
  GREETING_LIMIT_MS,
  type Greeting,
  greetingSchema,
  MAX_FRAME_BYTES,
  type Order,
  orderSchema,
  type Report,
} from "./protocol.ts"

/** A worker's connection for orders and reports. */
export interface WorkerLine {
  report(report: Report): void
  refuse(reason: string): void
  /** Passes on what the worker orders, and says once when it is gone. */
  serve(take: (order: Order) => void, onGone: () => void): void
}

export interface Greeters {
  welcome(worker: Greeting & { type: "worker" }, line: WorkerLine): void
  /** The socket is the executor's from here on. */
  start(executor: Greeting & { type: "executor" }, socket: Socket): void
}

/** Hears from a new connection what it is for. One that says it too late, or wrongly, is closed. */
export function greet(socket: Socket, { welcome, start }: Greeters): void {
  let receive = hearGreeting
  const link = openFrameLink(socket, {
    maxBytes: MAX_FRAME_BYTES,
    onFrame: (frame) => receive(frame),
    onFault: () => socket.destroy(),
  })
  const timer = setTimeout(() => socket.destroy(), GREETING_LIMIT_MS)
  socket.on("close", () => clearTimeout(timer))
  // A connection that breaks has ended, which its worker hears.
  socket.on("error", () => {})

  function hearGreeting(frame: unknown): void {
    clearTimeout(timer)
    const { success, data } = greetingSchema.safeParse(frame)
    if (!success) socket.destroy()
    else if (data.type === "executor") start(data, socket)
    else welcome(data, { report: link.send, refuse, serve })
  }

  function refuse(reason: string): void {
    link.send({ type: "refused", reason } satisfies Report)
    socket.end()
  }

  function serve(take: (order: Order) => void, onGone: () => void): void {
    const heartbeat = startHeartbeat({ beat: () => {}, onSilence: () => socket.destroy() })
    socket.on("close", () => {
      heartbeat.stop()
      onGone()
    })
    receive = (frame) => {
      heartbeat.heard()
      const { success, data } = orderSchema.safeParse(frame)
      if (success) take(data)
      else socket.destroy()
    }
  }
}
