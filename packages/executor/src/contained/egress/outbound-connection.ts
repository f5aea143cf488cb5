import type { Socket } from "node:net"
import type { OutboundCall } from "@hooklane/core"
import { cutText, MAX_HOST_CHARS, MAX_PROBLEM_CHARS } from "../cut-text.ts"
import { costOf, EARLY_WINDOW_BYTES, REPORTED_BYTES, WINDOW_BYTES } from "../net-frames.ts"
import type { Endpoint, NetEvent, NetProblem, NetRequest } from "../net-protocol.ts"
import { type Dialling, dial } from "./dial.ts"
import { type Policy, problemOf, REFUSALS, type Resolution, resolveDestination } from "./resolve.ts"

/** One connection of a hook, on the side that has the network. */
export interface OutboundConnection {
  /** It is its turn. What is asked of it before is done then. */
  begin(): void
  /** Returns what is wrong with the request, if anything. */
  handle(request: NetRequest): string | undefined
  /** Brings the figures of its call up to date. */
  count(): void
  /** The line has room again. */
  flow(): void
  destroy(): void
}

/** What the executor is told; it counts the bytes that it has sent, and not its writes. */
export type OutboundEvent =
  | Exclude<NetEvent, { kind: "written" }>
  | { kind: "written"; id: number; bytes: number }

export interface OutboundOptions {
  request: { id: number; host: string; port: number }
  policy: Policy
  /** Its entry in the list of calls, which it keeps. */
  call: OutboundCall
  send(event: OutboundEvent): void
  /** False when the run has had all the bytes that it may get. */
  mayTake(bytes: number): boolean
  /** False while the executor does not read what was sent already. */
  mayFlow(): boolean
  onClosed(): void
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one connection
export function openOutbound({ request, policy, call, send, ...on }: OutboundOptions): OutboundConnection {
  const { id, host, port } = request
  let dialling: Dialling | undefined
  let socket: Socket | undefined
  /** What is to be done with it when it is there. */
  let early: ((connected: Socket) => void)[] = []
  let unreadBytes = 0
  let unwrittenBytes = 0
  /** Have left, and the executor does not know it yet. */
  let writtenBytes = 0
  let hasBegun = false
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
    early = []
    dialling?.cancel()
    socket?.destroy()
    if (problem) call.problem = cutText(problem.message, MAX_PROBLEM_CHARS)
    else if (!hasBegun) call.problem = "it waited for its turn: so many connections were open at once"
    send({ kind: "closed", id, ...(problem && { problem }) })
    on.onClosed()
  }

  function refuse(refusal: keyof typeof REFUSALS): void {
    const address = cutText(host, MAX_HOST_CHARS)
    const message = `connect EACCES ${address}:${port} - ${REFUSALS[refusal]}`
    // Also when the hook has closed it meanwhile: what it asked for is told.
    Object.assign(call, { allowed: false, refusal, problem: cutText(message, MAX_PROBLEM_CHARS) })
    end({ code: "EACCES", message, address, port })
  }

  function connect(): void {
    hasBegun = true
    const resolution = resolveDestination(policy, host, port)
    if (resolution instanceof Promise) void resolution.then(follow)
    else void follow(resolution)
  }

  async function follow(resolution: Resolution): Promise<void> {
    if ("refusal" in resolution) return refuse(resolution.refusal)
    if (isOver) return
    if ("problem" in resolution) return end(resolution.problem)
    dialling = dial(resolution.addresses, port)
    const result = await dialling.connected
    if ("problem" in result) return end(result.problem)
    socket = result.socket
    if (isOver) socket.destroy()
    else pump(socket)
  }

  function pump(connected: Socket): void {
    connected.on("data", (chunk: Buffer<ArrayBuffer>) => {
      call.bytesIn += chunk.length
      if (!on.mayTake(chunk.length)) {
        return end({ code: "EMSGSIZE", message: `read EMSGSIZE - a run may receive ${MAX_RECEIVED}` })
      }
      unreadBytes += chunk.length
      send({ kind: "data", id, bytes: chunk })
      if (unreadBytes > WINDOW_BYTES || !on.mayFlow()) connected.pause()
    })
    connected.on("end", () => send({ kind: "ended", id }))
    connected.on("error", (error) => end(problemOf(error)))
    connected.on("close", () => end())
    send({ kind: "opened", id, remote: remoteOf(connected), local: localOf(connected) })
    for (const act of early.splice(0)) act(connected)
  }

  function whenConnected(act: (connected: Socket) => void): void {
    if (socket) act(socket)
    else early.push(act)
  }

  function write(bytes: Uint8Array): string | undefined {
    const cost = costOf(bytes.length)
    unwrittenBytes += cost
    if (unwrittenBytes > (socket ? WINDOW_BYTES : EARLY_WINDOW_BYTES))
      return "it sent more than may be on its way"
    whenConnected((connected) => connected.write(bytes, () => onWritten(cost)))
    return undefined
  }

  function onWritten(bytes: number): void {
    unwrittenBytes -= bytes
    writtenBytes += bytes
    if (writtenBytes < REPORTED_BYTES || isOver) return
    send({ kind: "written", id, bytes: writtenBytes })
    writtenBytes = 0
  }

  function flow(): void {
    if (unreadBytes <= WINDOW_BYTES && on.mayFlow()) socket?.resume()
  }

  return {
    begin: connect,
    handle(one) {
      if (one.kind === "net_close") end()
      if (one.kind === "net_end") whenConnected((connected) => connected.end())
      if (one.kind === "net_write") return write(one.bytes)
      if (one.kind === "net_taken") {
        unreadBytes -= one.bytes
        if (unreadBytes < 0) return "it took more than it was given"
        flow()
      }
      return undefined
    },
    count,
    flow,
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
