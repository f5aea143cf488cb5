import type { Address, NetEvent, NetProblem, NetRequest } from "./net-protocol.ts"
import type { LineState } from "./open-work.ts"

/** A thread's way to the broker, open while a run is under way. */
export interface Network {
  /** Throws when there is no run. */
  connect(line: Line): Wire
  lookup(host: string): Promise<Address[]>
}

/** What a connection is told. */
export interface Line {
  onEvent(event: NetEvent): void
  /** The run is over. */
  cut(): void
  look(): LineState
}

/** What a connection can say. */
export interface Wire {
  send(request: Unnumbered, transfer?: ArrayBuffer[]): void
  /** Nothing more is said or heard. */
  hangUp(): void
}

/** `Omit` would merge the members of the union. */
type Unnumbered = NetRequest extends infer One ? (One extends NetRequest ? Omit<One, "id"> : never) : never

type Send = (request: NetRequest, transfer?: ArrayBuffer[]) => void

export interface NetworkKeeper {
  network: Network
  /** @param send speaks for the run that begins */
  open(send: Send): void
  take(event: NetEvent): void
  /** Cuts every connection. */
  close(): void
  /** The connections and look-ups that are not over. */
  left(): LineState[]
}

export function createNetwork(): NetworkKeeper {
  const lines = new Map<number, Line>()
  let send: Send | undefined
  let lastId = 0

  function connect(line: Line): Wire {
    if (!send) throw netError({ code: "ENETDOWN", message: "connect ENETDOWN - no run is under way" })
    const ofThisRun = send
    lastId += 1
    const id = lastId
    lines.set(id, line)
    return {
      send: (request, transfer) => ofThisRun({ ...request, id }, transfer),
      hangUp: () => lines.delete(id),
    }
  }

  function lookup(host: string): Promise<Address[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Address[]>()
    const wire = connect({
      onEvent(event) {
        wire.hangUp()
        if (event.kind === "addresses") resolve(event.addresses)
        else if (event.kind === "closed" && event.problem) reject(netError(event.problem))
      },
      cut: () => {},
      look: () => ({ what: `lookup of ${host}`, isUnreffed: false, quietMs: 0, restsAfterMs: undefined }),
    })
    wire.send({ kind: "net_lookup", host })
    return promise
  }

  return {
    network: { connect, lookup },
    open(next) {
      send = next
    },
    take: (event) => lines.get(event.id)?.onEvent(event),
    close() {
      send = undefined
      for (const line of [...lines.values()]) line.cut()
      lines.clear()
    },
    left: () => (lines.size === 0 ? [] : [...lines.values()].map((line) => line.look())),
  }
}

/** An error as Node's own would be: with the address and port, or the name, that it is about. */
export function netError({ message, ...facts }: NetProblem): Error {
  return Object.assign(new Error(message), { ...facts, syscall: message.split(" ")[0] })
}
