import type { Socket } from "node:net"
import { EVENTS, type NetFrame, openNetLink, runIdOf, runKeyOf } from "../net-frames.ts"
import type { Address } from "../net-protocol.ts"
import type { EgressRules, HookEgress } from "./egress-rules.ts"
import type { OutboundEvent } from "./outbound-connection.ts"
import { readRequest } from "./read-request.ts"
import { lookupAll, type Policy } from "./resolve.ts"
import { type CallsSoFar, createRunBroker, type RunBroker } from "./run-broker.ts"
import { createTurns, type Turns } from "./turns.ts"

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
  /** What it did wrong: it is ended. */
  onFault(fault: string): void
  /** Nothing more comes of it. */
  onClosed(): void
}

/** So much may wait for an executor that does not read, all its connections together. */
const MAX_UNSENT_BYTES = 512 * 1024
/** A name whose server does not answer takes a thread of this process for seconds. */
const MAX_LOOKUPS_AT_ONCE = 2

export function openExecutorLine({ socket, rules, maxRuns, ...on }: ExecutorLineOptions): ExecutorLine {
  const runs = new Map<string, RunBroker>()
  const lookups = createTurns(MAX_LOOKUPS_AT_ONCE)
  let policy: Policy | undefined

  const link = openNetLink(socket, { onFrame: receive, onFault: fail })
  socket.on("drain", () => {
    for (const run of runs.values()) run.flow()
  })
  // An executor that dies leaves a broken line, which is no news.
  socket.on("error", () => {})
  socket.on("close", () => {
    for (const key of runs.keys()) endRun(key)
    on.onClosed()
  })

  function fail(reason: string): void {
    on.onFault(reason)
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
      policy: { ...its, lookup: (name) => lookUpInTurn(lookups, name, () => runs.has(key)) },
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
    // First what its worker waits for.
    on.onCalls({ run: runIdOf(key), ...run.finish(), isFinal: true })
    run.close()
  }

  function send(key: string, event: OutboundEvent): void {
    if (!socket.destroyed) link.send(EVENTS[event.kind], key, event.id, payloadOf(event))
  }

  return {
    bind(hookEgress) {
      policy = { rules, hookEgress }
      link.send(EVENTS.hello, NO_RUN, 0)
    },
    endRun: (id) => endRun(runKeyOf(id)),
    close: () => socket.destroy(),
  }
}

async function lookUpInTurn(turns: Turns, name: string, isWanted: () => boolean): Promise<Address[]> {
  return (await turns.take(() => lookupAll(name), isWanted)) ?? []
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
