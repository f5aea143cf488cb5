import type { Socket } from "node:net"
import type { OutboundCall } from "@hooklane/core"
import { dial } from "./dial.ts"
import type { Endpoint, NetEvent, NetProblem, NetRequest } from "./net-protocol.ts"
import { type Policy, problemOf, REFUSALS, resolveDestination } from "./resolve.ts"

/** One connection of a hook, on the side that has the network. */
export interface OutboundConnection {
  handle(request: NetRequest): void
  /** Brings the figures of its call up to date. */
  count(): void
  destroy(): void
}

export interface OutboundOptions {
  request: { id: number; host: string; port: number }
  policy: Policy
  /** Its entry in the list of calls, which it keeps. */
  call: OutboundCall
  send(event: NetEvent, transfer?: ArrayBuffer[]): void
  /** False when the run has had all the bytes that it may get. */
  mayTake(bytes: number): boolean
  onClosed(): void
}

/** So much may be on its way to the thread before it has read any of it. */
const MAX_UNREAD_BYTES = 256 * 1024

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one connection
export function openOutbound({ request, policy, call, send, ...on }: OutboundOptions): OutboundConnection {
  const { id, host, port } = request
  let socket: Socket | undefined
  let unreadBytes = 0
  let isOver = false

  function count(): void {
    if (isOver) return
    call.durationMs = Date.now() - call.at
    call.bytesOut = socket?.bytesWritten ?? 0
  }

  function end(problem?: NetProblem): void {
    if (isOver) return
    count()
    isOver = true
    socket?.destroy()
    if (problem) call.problem = problem.message.slice(0, 200)
    send({ kind: "closed", id, ...(problem && { problem }) })
    on.onClosed()
  }

  function refuse(refusal: keyof typeof REFUSALS): void {
    Object.assign(call, { allowed: false, refusal })
    end({ code: "EACCES", message: `connect EACCES ${host}:${port} - ${REFUSALS[refusal]}` })
  }

  async function connect(): Promise<void> {
    const resolution = await resolveDestination(policy, host, port)
    if ("refusal" in resolution) return refuse(resolution.refusal)
    if ("problem" in resolution) return end(resolution.problem)
    let last: NetProblem | undefined
    for (const address of resolution.addresses) {
      if (isOver) return
      const dialling = dial(address, port)
      socket = dialling.socket
      last = await dialling.connected
      if (!last) return pump(socket)
    }
    end(last)
  }

  function pump(connected: Socket): void {
    if (isOver) return
    connected.on("data", (chunk: Buffer) => {
      call.bytesIn += chunk.length
      if (!on.mayTake(chunk.length)) {
        return end({ code: "EMSGSIZE", message: `read EMSGSIZE - a run may receive ${MAX_RECEIVED}` })
      }
      unreadBytes += chunk.length
      if (unreadBytes > MAX_UNREAD_BYTES) connected.pause()
      // Its own memory, without what else is in the buffer that it was read into.
      const bytes = new Uint8Array(chunk)
      send({ kind: "data", id, bytes }, [bytes.buffer])
    })
    connected.on("end", () => send({ kind: "ended", id }))
    connected.on("error", (error) => end(problemOf(error)))
    connected.on("close", () => end())
    send({ kind: "opened", id, remote: remoteOf(connected), local: localOf(connected) })
  }

  void connect()
  return {
    handle(one) {
      if (one.kind === "net_close") end()
      if (one.kind === "net_end") socket?.end()
      if (one.kind === "net_write") socket?.write(one.bytes, () => send({ kind: "written", id }))
      if (one.kind === "net_taken") {
        unreadBytes -= one.bytes
        if (unreadBytes <= MAX_UNREAD_BYTES) socket?.resume()
      }
    },
    count,
    destroy: () => end(),
  }
}

const MAX_RECEIVED = "10 MB"

function remoteOf({ remoteAddress = "", remotePort = 0, remoteFamily }: Socket): Endpoint {
  return { address: remoteAddress, port: remotePort, family: remoteFamily === "IPv6" ? 6 : 4 }
}

function localOf({ localAddress = "", localPort = 0, localFamily }: Socket): Endpoint {
  return { address: localAddress, port: localPort, family: localFamily === "IPv6" ? 6 : 4 }
}
