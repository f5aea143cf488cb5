import type { Socket } from "node:net"
import type { EgressOrder, EgressReport } from "../../egress-protocol.ts"
import { type ExecutorLine, openExecutorLine } from "./executor-line.ts"

/**
 * The entry of the egress broker: the only process with a network. It connects for the executors of one worker, or
 * of one sandbox service, each over a line of its own. It holds no credential and no environment, reads one folder
 * and can do nothing else.
 */
const lines = new Map<string, ExecutorLine>()

process.on("message", (message: unknown, socket: Socket | undefined) => take(fromLauncher(message), socket))
process.on("disconnect", () => process.exit())
report({ type: "ready", held: heldPermissions() })

/** Whoever started this process is trusted: what comes over its channel was made from this type. */
function fromLauncher(message: unknown): EgressOrder {
  return message as EgressOrder
}

function take(order: EgressOrder, socket: Socket | undefined): void {
  switch (order.type) {
    case "line":
      // Gone in the moment in which it was handed over.
      if (!socket) report({ type: "closed", key: order.key })
      else lines.set(order.key, open(order, socket))
      report({ type: "taken", key: order.key })
      return
    case "bind":
      lines.get(order.key)?.bind(order.hookEgress)
      return
    case "end_run":
      lines.get(order.key)?.endRun(order.run)
      return
    case "ping":
      report({ type: "pong" })
      return
    default:
      order satisfies never
  }
}

function open({ key, rules, maxRuns }: Extract<EgressOrder, { type: "line" }>, socket: Socket): ExecutorLine {
  return openExecutorLine({
    socket,
    rules,
    maxRuns,
    onCalls: (calls) => report({ type: "calls", key, ...calls }),
    onFault: (fault) => report({ type: "fault", key, fault }),
    onClosed() {
      lines.delete(key)
      report({ type: "closed", key })
    },
  })
}

/** What it needs is the network and its own folder. */
function heldPermissions(): string[] {
  const { permission } = process
  if (!permission) return ["everything"]
  const refused = ["child", "worker", "addon", "wasi", "inspector", "fs.write"]
  const held = refused.filter((scope) => permission.has(scope))
  return permission.has("fs.read", "/") ? [...held, "fs.read"] : held
}

function report(message: EgressReport): void {
  process.send?.(message)
}
