import type { Duplex } from "node:stream"
import { cutText, MAX_HOST_CHARS } from "./cut-text.ts"
import {
  costOf,
  EARLY_WINDOW_BYTES,
  EVENTS,
  MAX_DATA_BYTES,
  type NetFrame,
  openNetLink,
  REPORTED_BYTES,
  REQUESTS,
  runKeyOf,
  WINDOW_BYTES,
} from "./net-frames.ts"
import type { NetEvent, NetProblem, NetRequest } from "./net-protocol.ts"

/** An executor's line to the egress broker, which has the network. */
export interface EgressLine {
  /** A run's part of it. Nothing is sent before the run asks for something. */
  openRun(id: string, tell: Tell): RunLine
}

export interface RunLine {
  /** What comes from the thread is taken for hostile: anything that is not a request is ignored. */
  handle(request: NetRequest): void
  /** Ends all connections of the run. */
  close(): void
}

type Tell = (event: NetEvent, transfer?: ArrayBuffer[]) => void

interface LineRun {
  key: string
  tell: Tell
  connections: Map<number, Flow>
}

/** What of a connection is on its way. */
interface Flow {
  /** Until then its thread is told of no write that it has left. */
  isOpen: boolean
  /** Sent, and not known to have left. */
  sentBytes: number
  /** Writes that were sent before. */
  earlyWrites: number
  /** Given by the thread and not sent yet. */
  unsent: Uint8Array[]
  /** Read by the thread, and the broker does not know it yet. */
  takenBytes: number
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one line
export function openEgressLine(stream: Duplex): EgressLine {
  const runs = new Map<string, LineRun>()
  /** What was asked for before the broker reads the line. */
  let early: (() => void)[] | undefined = []
  let isLost = false

  const link = openNetLink(stream, { onFrame: receive, onFault: () => stream.destroy() })
  stream.on("error", () => {})
  stream.on("close", () => {
    isLost = true
    for (const { connections, tell } of runs.values()) {
      for (const id of connections.keys()) tell({ kind: "closed", id, problem: LOST })
      connections.clear()
    }
  })

  function send(kind: number, run: string, id: number, payload?: Uint8Array): void {
    if (early) early.push(() => link.send(kind, run, id, payload))
    else link.send(kind, run, id, payload)
  }

  function receive({ kind, run: key, id, payload }: NetFrame): undefined {
    if (kind === EVENTS.hello) {
      const waiting = early ?? []
      early = undefined
      for (const act of waiting) act()
      return
    }
    const run = runs.get(key)
    const flow = run?.connections.get(id)
    if (!run || !flow) return
    if (kind === EVENTS.written) {
      flow.sentBytes -= payload.readUInt32BE(0)
      flush(run, id, flow)
      return
    }
    const event = readEvent(kind, id, payload)
    if (event.kind === "closed" || event.kind === "addresses") run.connections.delete(id)
    run.tell(event, event.kind === "data" ? [event.bytes.buffer] : [])
    if (event.kind === "opened") onOpened(run, id, flow)
  }

  function onOpened(run: LineRun, id: number, flow: Flow): void {
    flow.isOpen = true
    for (; flow.earlyWrites > 0; flow.earlyWrites -= 1) run.tell({ kind: "written", id })
    flush(run, id, flow)
  }

  /** Sends as much as may be on its way. */
  function flush({ key, tell }: LineRun, id: number, flow: Flow): void {
    for (;;) {
      const [next] = flow.unsent
      const room = (flow.isOpen ? WINDOW_BYTES : EARLY_WINDOW_BYTES) - flow.sentBytes
      if (!next || room < costOf(0)) return
      const part = next.subarray(0, Math.min(room, MAX_DATA_BYTES))
      send(REQUESTS.net_write, key, id, part)
      flow.sentBytes += costOf(part.length)
      if (part.length < next.length) flow.unsent[0] = next.subarray(part.length)
      else {
        flow.unsent.shift()
        if (flow.isOpen) tell({ kind: "written", id })
        else flow.earlyWrites += 1
      }
    }
  }

  function begin(run: LineRun, request: Extract<NetRequest, { host: string }>): void {
    const { kind, id, host } = request
    if (isLost) {
      run.tell({ kind: "closed", id, problem: GONE })
      return
    }
    run.connections.set(id, { isOpen: false, sentBytes: 0, earlyWrites: 0, unsent: [], takenBytes: 0 })
    const port = kind === "net_open" ? request.port : undefined
    send(REQUESTS[kind], run.key, id, destinationOf(cutText(host, MAX_HOST_CHARS), port))
  }

  function go(run: LineRun, request: Exclude<NetRequest, { host: string }>): void {
    const { kind, id } = request
    const flow = run.connections.get(id)
    if (!flow) return
    if (kind === "net_write") {
      flow.unsent.push(request.bytes)
      flush(run, id, flow)
    } else if (kind === "net_taken") {
      flow.takenBytes += request.bytes
      if (flow.takenBytes < REPORTED_BYTES) return
      send(REQUESTS.net_taken, run.key, id, countOf(flow.takenBytes))
      flow.takenBytes = 0
    } else {
      if (kind === "net_close") run.connections.delete(id)
      send(REQUESTS[kind], run.key, id)
    }
  }

  return {
    openRun(id, tell) {
      const key = runKeyOf(id)
      const run: LineRun = { key, tell, connections: new Map() }
      runs.set(key, run)
      return {
        handle(request) {
          if (!isRequest(request)) return
          if (request.kind !== "net_open" && request.kind !== "net_lookup") go(run, request)
          else if (!run.connections.has(request.id)) begin(run, request)
        },
        close() {
          runs.delete(key)
          send(REQUESTS.end_run, key, 0)
        },
      }
    },
  }
}

const LOST: NetProblem = { code: "ECONNRESET", message: "read ECONNRESET - the egress broker ended" }
const GONE: NetProblem = { code: "ENETDOWN", message: "connect ENETDOWN - the egress broker ended" }

function destinationOf(host: string, port: number | undefined): Uint8Array {
  const name = Buffer.from(host)
  if (port === undefined) return name
  const head = Buffer.alloc(2)
  head.writeUInt16BE(port)
  return Buffer.concat([head, name])
}

function countOf(bytes: number): Uint8Array {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(bytes)
  return count
}

/** The broker is trusted, as this process is itself. */
function readEvent(kind: number, id: number, payload: Buffer): Exclude<NetEvent, { kind: "written" }> {
  // Its own memory, without what else was read with it.
  if (kind === EVENTS.data) return { kind: "data", id, bytes: new Uint8Array(payload) }
  if (kind === EVENTS.ended) return { kind: "ended", id }
  const facts = JSON.parse(payload.toString("utf8"))
  if (kind === EVENTS.opened) return { kind: "opened", id, ...facts }
  if (kind === EVENTS.addresses) return { kind: "addresses", id, ...facts }
  return { kind: "closed", id, ...facts }
}

function isRequest(request: NetRequest): boolean {
  if (!isUint32(request.id)) return false
  switch (request.kind) {
    case "net_open":
      return typeof request.host === "string" && isPort(request.port)
    case "net_lookup":
      return typeof request.host === "string"
    case "net_write":
      return request.bytes instanceof Uint8Array
    case "net_taken":
      return isUint32(request.bytes) && request.bytes > 0
    default:
      return request.kind === "net_end" || request.kind === "net_close"
  }
}

function isUint32(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32
}

function isPort(port: unknown): boolean {
  return isUint32(port) && Number(port) >= 1 && Number(port) <= 65_535
}
