import type { OutboundCall } from "@hooklane/core"
import { createMomentLater } from "./moment-later.ts"
import type { NetEvent, NetProblem, NetRequest } from "./net-protocol.ts"
import { type OutboundConnection, openOutbound } from "./outbound-connection.ts"
import { type Policy, resolveHost } from "./resolve.ts"

/** Makes the connections of one run, for a thread that cannot, after the rules. */
export interface EgressBroker {
  /** What comes from the thread is taken for hostile: anything that is not a request is ignored. */
  handle(request: NetRequest): void
  /** The connections so far, the refused ones too. */
  calls(): OutboundCall[]
  /** Ends all connections; nothing is opened any more. */
  close(): void
}

export interface EgressBrokerOptions {
  policy: Policy
  send(event: NetEvent, transfer?: ArrayBuffer[]): void
  /** The connections so far, a moment after one began or ended. */
  onCalls(calls: OutboundCall[]): void
}

const MAX_OPEN = 20
const MAX_CONNECTIONS = 100
const MAX_LOOKUPS = 100
/** What may come in during a run, all connections together. */
const MAX_BYTES_IN = 10 * 1024 * 1024

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one run
export function createEgressBroker({ policy, send, onCalls }: EgressBrokerOptions): EgressBroker {
  const calls: OutboundCall[] = []
  const open = new Map<number, OutboundConnection>()
  let lookups = 0
  let bytesLeft = MAX_BYTES_IN
  let isClosed = false
  const notice = createMomentLater(() => onCalls(counted()))

  function tell(event: NetEvent, transfer?: ArrayBuffer[]): void {
    if (!isClosed) send(event, transfer)
  }

  function connect({ id, host, port }: Extract<NetRequest, { kind: "net_open" }>): void {
    if (open.has(id)) return
    const call = { at: Date.now(), host: host.slice(0, 255), port, ...NOTHING_YET }
    // What is beyond the bound is refused below, and not listed: a hook may try for ever.
    if (calls.length >= MAX_CONNECTIONS) {
      tell({ kind: "closed", id, problem: tooMany(MAX_CONNECTIONS, "in all") })
      return
    }
    calls.push(call)
    notice.ask()
    if (open.size >= MAX_OPEN) {
      const refused: Partial<OutboundCall> = { allowed: false, refusal: "too_many" }
      Object.assign(call, refused, { problem: "too many connections" })
      tell({ kind: "closed", id, problem: tooMany(MAX_OPEN, "at once") })
      return
    }
    const connection = openOutbound({
      request: { id, host, port },
      policy,
      call,
      send: tell,
      mayTake(bytes) {
        bytesLeft -= bytes
        return bytesLeft >= 0
      },
      onClosed() {
        open.delete(id)
        if (!isClosed) notice.ask()
      },
    })
    open.set(id, connection)
  }

  async function look({ id, host }: Extract<NetRequest, { kind: "net_lookup" }>): Promise<void> {
    lookups += 1
    const resolution =
      lookups > MAX_LOOKUPS ? { problem: tooMany(MAX_LOOKUPS, "lookups") } : await resolveHost(policy, host)
    if ("addresses" in resolution) tell({ kind: "addresses", id, addresses: resolution.addresses })
    else tell({ kind: "closed", id, problem: resolution.problem })
  }

  function counted(): OutboundCall[] {
    for (const connection of open.values()) connection.count()
    return calls
  }

  return {
    handle(request) {
      if (isClosed || !isRequest(request)) return
      if (request.kind === "net_open") connect(request)
      else if (request.kind === "net_lookup") void look(request)
      else open.get(request.id)?.handle(request)
    },
    calls: counted,
    close() {
      isClosed = true
      notice.cancel()
      for (const connection of open.values()) connection.destroy()
    },
  }
}

const NOTHING_YET = { durationMs: 0, bytesIn: 0, bytesOut: 0, allowed: true }

function tooMany(max: number, what: string): NetProblem {
  return { code: "EMFILE", message: `connect EMFILE - a run may make ${max} connections ${what}` }
}

function isRequest(request: NetRequest): boolean {
  if (!Number.isSafeInteger(request.id)) return false
  switch (request.kind) {
    case "net_open":
      return typeof request.host === "string" && isPort(request.port)
    case "net_lookup":
      return typeof request.host === "string"
    case "net_write":
      return request.bytes instanceof Uint8Array
    case "net_taken":
      return Number.isSafeInteger(request.bytes) && request.bytes > 0
    default:
      return request.kind === "net_end" || request.kind === "net_close"
  }
}

/** Anything else, `NaN` above all, makes `connect` throw. */
function isPort(port: unknown): boolean {
  return typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535
}
