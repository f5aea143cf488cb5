import type { OutboundCall } from "@hooklane/core"
import { cutText, MAX_HOST_CHARS } from "../cut-text.ts"
import type { NetProblem, NetRequest } from "../net-protocol.ts"
import { createMomentLater } from "./moment-later.ts"
import { type OutboundConnection, type OutboundEvent, openOutbound } from "./outbound-connection.ts"
import { type Policy, resolveHost } from "./resolve.ts"

/** Makes the connections of one run, for a process that cannot, after the rules. */
export interface RunBroker {
  /** Returns what no executor asks for, if it is that. */
  handle(request: NetRequest): string | undefined
  /** The connections so far, the refused ones too. */
  report(): CallsSoFar
  /** The executor reads again. */
  flow(): void
  /** Nothing is opened or told any more. Returns the calls as they will stay. */
  finish(): CallsSoFar
  /** Ends all connections. */
  close(): void
}

export interface CallsSoFar {
  calls: OutboundCall[]
  /** Which of them, by their place in the list, are under way. */
  open: number[]
}

export interface RunBrokerOptions {
  policy: Policy
  send(event: OutboundEvent): void
  /** False while the executor does not read what was sent already. */
  mayFlow(): boolean
  /** The connections so far, a moment after one began or ended. */
  onCalls(calls: CallsSoFar): void
}

const MAX_OPEN = 20
const MAX_CONNECTIONS = 100
const MAX_LOOKUPS = 100
/** What may come in during a run, all connections together. */
const MAX_BYTES_IN = 10 * 1024 * 1024

type OpenRequest = Extract<NetRequest, { kind: "net_open" }>

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one run
export function createRunBroker({ policy, send, mayFlow, onCalls }: RunBrokerOptions): RunBroker {
  const calls: OutboundCall[] = []
  const connections = new Map<number, { connection: OutboundConnection; call: OutboundCall }>()
  /** Those beyond `MAX_OPEN`, the oldest first. */
  const waiting = new Set<number>()
  let lookups = 0
  let bytesLeft = MAX_BYTES_IN
  let isClosed = false
  const notice = createMomentLater(() => onCalls(report()))

  function tell(event: OutboundEvent): void {
    if (!isClosed) send(event)
  }

  function take(request: OpenRequest): void {
    const { id, host, port } = request
    // What is beyond the bound is refused, and not listed: a hook may try for ever.
    if (calls.length >= MAX_CONNECTIONS) {
      tell({ kind: "closed", id, problem: tooMany("connect", `${MAX_CONNECTIONS} connections`) })
      return
    }
    const call = { at: Date.now(), host: cutText(host, MAX_HOST_CHARS), port, ...NOTHING_YET }
    calls.push(call)
    notice.ask()
    const connection = openOutbound({
      request,
      policy,
      call,
      send: tell,
      mayTake(bytes) {
        bytesLeft -= bytes
        return bytesLeft >= 0
      },
      mayFlow,
      onClosed: () => leave(id),
    })
    connections.set(id, { connection, call })
    waiting.add(id)
    beginNext()
  }

  function beginNext(): void {
    for (const id of waiting) {
      if (connections.size - waiting.size >= MAX_OPEN || isClosed) return
      waiting.delete(id)
      connections.get(id)?.connection.begin()
    }
  }

  function leave(id: number): void {
    connections.delete(id)
    waiting.delete(id)
    if (isClosed) return
    notice.ask()
    beginNext()
  }

  async function look({ id, host }: Extract<NetRequest, { kind: "net_lookup" }>): Promise<void> {
    lookups += 1
    const resolution =
      lookups > MAX_LOOKUPS
        ? { problem: tooMany("getaddrinfo", `${MAX_LOOKUPS} lookups`) }
        : await resolveHost(policy, host)
    if ("addresses" in resolution) tell({ kind: "addresses", id, addresses: resolution.addresses })
    else tell({ kind: "closed", id, problem: resolution.problem })
  }

  function report(): CallsSoFar {
    for (const { connection } of connections.values()) connection.count()
    const underWay = new Set([...connections.values()].map(({ call }) => call))
    return { calls, open: calls.flatMap((call, index) => (underWay.has(call) ? [index] : [])) }
  }

  return {
    handle(request) {
      if (isClosed) return undefined
      const { kind, id } = request
      if (kind === "net_lookup") {
        void look(request)
        return undefined
      }
      if (kind !== "net_open") return connections.get(id)?.connection.handle(request)
      if (connections.has(id)) return "it opened a connection twice"
      take(request)
      return undefined
    },
    report,
    flow() {
      for (const { connection } of connections.values()) connection.flow()
    },
    finish() {
      isClosed = true
      notice.cancel()
      for (const id of waiting) connections.get(id)?.connection.destroy()
      return { ...report(), open: [] }
    },
    close() {
      isClosed = true
      for (const { connection } of connections.values()) connection.destroy()
    },
  }
}

const NOTHING_YET = { durationMs: 0, bytesIn: 0, bytesOut: 0, allowed: true }

function tooMany(call: string, what: string): NetProblem {
  return { code: "EMFILE", message: `${call} EMFILE - a run may make ${what} in all` }
}
