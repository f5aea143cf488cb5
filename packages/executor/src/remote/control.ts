import { connect, type Socket } from "node:net"
import { AppError, type StandingWall } from "@hooklane/core"
import { openFrameLink } from "../contained/frames.ts"
import { startHeartbeat } from "../contained/heartbeat.ts"
import type { ExecutorSettings } from "../protocol.ts"
import { MAX_FRAME_BYTES, type Order, type Report, reportSchema } from "./protocol.ts"

/** A worker's connection to its sandbox service for orders and reports, once it was welcomed. */
export interface Control {
  /** Under which name the service knows this worker. */
  readonly worker: string
  readonly maxExecutors: number
  /** What holds executors there. */
  readonly wall: StandingWall
  order(order: Order): void
  /** Resolves with the reason when the connection is gone. */
  readonly closed: Promise<string>
  close(reason: string): void
}

export interface ControlOptions {
  path: string
  code: string
  settings: ExecutorSettings
  onReport(report: Report): void
}

/** The service proves its walls before it welcomes a worker, which starts an executor and runs a hook. */
const WELCOME_LIMIT_MS = 30_000

/**
 * @throws AppError internal_error when the service refuses this worker
 * @throws Error when there is no service, or it does not answer
 */
export function openControl({ path, code, settings, onReport }: ControlOptions): Promise<Control> {
  const { promise, resolve, reject } = Promise.withResolvers<Control>()
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<string>()
  const socket = connect(path)
  const link = openFrameLink(socket, { maxBytes: MAX_FRAME_BYTES, onFrame: receive, onFault: close })
  const heartbeat = startHeartbeat({
    beat: () => link.send({ type: "ping" } satisfies Order),
    onSilence: () => close("it fell silent"),
  })
  const timer = setTimeout(close, WELCOME_LIMIT_MS, "it did not welcome this worker in time")

  function close(reason: string): void {
    onClosed(reason)
    reject(new Error(reason))
    socket.destroy()
  }

  function receive(frame: unknown): void {
    heartbeat.heard()
    const { success, data } = reportSchema.safeParse(frame)
    if (!success) close("it sent a frame of unknown form")
    else if (data.type === "refused") refuse(data.reason)
    else if (data.type === "welcome") open(data)
    else onReport(data)
  }

  function refuse(reason: string): void {
    reject(new AppError("internal_error", reason))
    close(reason)
  }

  function open({ worker, maxExecutors, wall }: Report & { type: "welcome" }): void {
    clearTimeout(timer)
    resolve({ worker, maxExecutors, wall, order: link.send, closed, close })
  }

  endWith(socket, (reason) => {
    clearTimeout(timer)
    heartbeat.stop()
    close(reason)
  })
  link.send({ type: "worker", code, settings })
  return promise
}

function endWith(socket: Socket, onEnd: (reason: string) => void): void {
  let reason = "it closed the connection"
  socket.on("error", (error) => {
    reason = error.message
  })
  socket.on("close", () => onEnd(reason))
}
