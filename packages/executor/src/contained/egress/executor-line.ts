import type { Socket } from "node:net"
import { EVENTS, type NetFrame, openNetLink, runIdOf } from "../net-frames.ts"
import type { EgressRules, HookEgress } from "./egress-rules.ts"
import type { OutboundEvent } from "./outbound-connection.ts"
import { readRequest } from "./read-request.ts"
import type { Policy } from "./resolve.ts"
import { type CallsSoFar, createRunBroker, type RunBroker } from "./run-broker.ts"

/** The line of one executor. What comes over it is taken for hostile: a frame that is wrong is the last. */
export interface ExecutorLine {
  /** Serves it from now on, as far as its hook wants to connect. */
  bind(hookEgress: HookEgress | undefined): void
  /** Ends what the run has open. */
  endRun(id: string): void
  close(): void
}

export interface ExecutorLineOptions {
  socket: Socket
  rules: EgressRules
  /** So many runs can have connections at once. */
  maxRuns: number
  /** The connections of a run, a moment after one began or ended, and once when it is over. */
  onCalls(report: CallsSoFar & { run: string; isFinal: boolean }): void
  /** Nothing more comes of it; `fault` is what it did wrong. */
  onClosed(fault: string | undefined): void
}

/** So much may wait for an executor that does not read, all its connections together. */
const MAX_UNSENT_BYTES = 1024 * 1024

export function openExecutorLine({ socket, rules, maxRuns, ...on }: ExecutorLineOptions): ExecutorLine {
  const runs = new Map<string, RunBroker>()
  let policy: Policy | undefined
  let fault: string | undefined

  const link = openNetLink(socket, { onFrame: receive, onFault: fail })
  socket.on("drain", () => {
    for (const run of runs.values()) run.flow()
  })
  // An executor that dies leaves a broken line, which is no news.
  socket.on("error", () => {})
  socket.on("close", () => {
    for (const key of runs.keys()) endRun(key)
    on.onClosed(fault)
  })

  function fail(reason: string): void {
    fault ??= reason
    socket.destroy()
  }

  function receive(frame: NetFrame): string | undefined {
    if (!policy) return "it spoke before it was asked"
    const request = readRequest(frame)
    if (!request) return "a frame of unknown form"
    if (request.kind === "end_run") {
      endRun(frame.run)
      return undefined
    }
    const isNew = request.kind === "net_open" || request.kind === "net_lookup"
    const run = runs.get(frame.run) ?? (isNew ? beginRun(frame.run, policy) : undefined)
    if (isNew && !run) return "more runs with connections than it can have"
    return run?.handle(request)
  }

  function beginRun(key: string, its: Policy): RunBroker | undefined {
    if (runs.size >= maxRuns) return undefined
    const run = createRunBroker({
      policy: its,
      send: (event) => send(key, event),
      mayFlow: () => socket.writableLength <= MAX_UNSENT_BYTES,
      onCalls: (calls) => on.onCalls({ run: runIdOf(key), ...calls, isFinal: false }),
    })
    runs.set(key, run)
    return run
  }

  function endRun(key: string): void {
    const run = runs.get(key)
    if (!run) return
    runs.delete(key)
    run.close()
    on.onCalls({ run: runIdOf(key), ...run.report(), isFinal: true })
  }

  function send(key: string, event: OutboundEvent): void {
    if (!socket.destroyed) link.send(EVENTS[event.kind], key, event.id, payloadOf(event))
  }

  return {
    bind(hookEgress) {
      policy = { rules, hookEgress }
      link.send(EVENTS.hello, NO_RUN, 0)
    },
    endRun,
    close: () => socket.destroy(),
  }
}

const NO_RUN = "\0".repeat(16)

function payloadOf(event: OutboundEvent): Uint8Array | undefined {
  switch (event.kind) {
    case "data":
      return event.bytes
    case "ended":
      return undefined
    case "written": {
      const count = Buffer.alloc(4)
      count.writeUInt32BE(event.bytes)
      return count
    }
    default: {
      const { kind: _, id: __, ...facts } = event
      return Buffer.from(JSON.stringify(facts))
    }
  }
}
