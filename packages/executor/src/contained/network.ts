import type { MessagePort } from "node:worker_threads"
import type { Address, NetEvent, NetProblem, NetRequest } from "./net-protocol.ts"

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
}

/** What a connection can say. */
export interface Wire {
  send(request: Unnumbered, transfer?: ArrayBuffer[]): void
  /** Nothing more is said or heard. */
  hangUp(): void
}

/** `Omit` would merge the members of the union. */
type Unnumbered = NetRequest extends infer One ? (One extends NetRequest ? Omit<One, "id"> : never) : never

export interface NetworkKeeper {
  network: Network
  open(port: MessagePort): void
  /** Cuts every connection. */
  close(): void
}

export function createNetwork(): NetworkKeeper {
  const lines = new Map<number, Line>()
  let port: MessagePort | undefined
  let isListening = false
  let lastId = 0

  function listen(at: MessagePort): void {
    if (isListening) return
    isListening = true
    at.on("message", (event: NetEvent) => lines.get(event.id)?.onEvent(event))
    // A connection that waits is a reason for the run to go on, not for the thread to.
    at.unref()
  }

  function connect(line: Line): Wire {
    if (!port) throw netError({ code: "ENETDOWN", message: "connect ENETDOWN - no run is under way" })
    listen(port)
    const at = port
    lastId += 1
    const id = lastId
    lines.set(id, line)
    return {
      send: (request, transfer = []) => at.postMessage({ ...request, id }, transfer),
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
    })
    wire.send({ kind: "net_lookup", host })
    return promise
  }

  return {
    network: { connect, lookup },
    open(next) {
      port = next
      isListening = false
    },
    close() {
      port = undefined
      for (const line of [...lines.values()]) line.cut()
      lines.clear()
    },
  }
}

export function netError({ code, message }: NetProblem): Error {
  return Object.assign(new Error(message), { code, syscall: message.split(" ")[0] })
}
