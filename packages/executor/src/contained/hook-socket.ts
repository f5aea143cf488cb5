import { Duplex } from "node:stream"
import type { ConnectOptions } from "./connect-arguments.ts"
import type { Endpoint, NetEvent } from "./net-protocol.ts"
import { type Network, netError, type Wire } from "./network.ts"
import type { LineState } from "./open-work.ts"
import { clockMs } from "./progress.ts"

type Done = (error?: Error | null) => void
type Bytes = Uint8Array<ArrayBuffer>

export interface SocketOptions {
  allowHalfOpen?: boolean
  signal?: AbortSignal
  fd?: unknown
}

const { Buffer, clearTimeout, setTimeout } = globalThis
const { get, ownKeys } = Reflect

/** Tells a socket which TLS socket is around it: that one knows whether a request is under way. */
export let coverSocket: (socket: HookSocket, cover: Duplex) => void

/**
 * After its answer, a run does not wait for a connection on which nothing has moved for so long: pools of database
 * clients are left open by many hooks. A second when the other side spoke last; a query may take longer.
 */
const RECEIVED_REST_MS = 1_000
const SENT_REST_MS = 5_000

/**
 * What a hook has as `net.Socket`: it looks like Node's, but its bytes go to the broker. There is no handle
 * underneath, and all that leads to the broker is private.
 */
export abstract class HookSocket extends Duplex {
  connecting = false
  bytesRead = 0
  timeout = 0
  #network: Network
  #wire: Wire | undefined
  #written: Done | undefined
  #untakenBytes = 0
  #hasEnded = false
  #bytesWritten = 0
  #remote: Endpoint | undefined
  #local: Endpoint | undefined
  #timer: NodeJS.Timeout | undefined
  /** Where it was opened to. */
  #target = ""
  #isUnreffed = false
  #lastWentOut = true
  #movedAtMs = 0
  /** The TLS socket around it. */
  #cover: Duplex | undefined

  static {
    coverSocket = (socket, cover) => {
      socket.#cover = cover
    }
  }

  constructor(network: Network, { allowHalfOpen = false, signal }: SocketOptions) {
    super({ allowHalfOpen, ...(signal && { signal }) })
    this.#network = network
  }

  /** @throws RangeError when the port is none */
  open({ host, port, path }: ConnectOptions): void {
    if (path !== undefined) {
      const message = `connect EACCES ${path} - hooks have no local sockets`
      this.destroy(netError({ code: "EACCES", message }))
      return
    }
    if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
      throw Object.assign(new RangeError(`Port should be > 0 and < 65536. Received ${port}.`), {
        code: "ERR_SOCKET_BAD_PORT",
      })
    }
    this.connecting = true
    try {
      this.#target = `${host}:${port}`
      const line = {
        onEvent: (event: NetEvent) => this.#onEvent(event),
        cut: () => void this.destroy(),
        look: () => this.#look(),
      }
      this.#wire = this.#network.connect(line)
      this.#wire.send({ kind: "net_open", host, port })
    } catch (error) {
      if (error instanceof Error) this.destroy(error)
    }
  }

  #look(): LineState {
    const isAwaited = this.connecting || (this.#untakenBytes === 0 && awaitsHttp(this.#cover ?? this))
    return {
      what: `connection to ${this.#target}`,
      isUnreffed: this.#isUnreffed,
      quietMs: clockMs() - this.#movedAtMs,
      restsAfterMs: isAwaited ? undefined : this.#lastWentOut ? SENT_REST_MS : RECEIVED_REST_MS,
    }
  }

  #onEvent(event: NetEvent): void {
    this.#movedAtMs = clockMs()
    this.#refreshTimer()
    if (event.kind === "opened") this.#onOpened(event)
    if (event.kind === "data") this.#onData(event.bytes)
    if (event.kind === "written") this.#settleWrite()
    if (event.kind === "ended") this.#end()
    if (event.kind === "closed") {
      // First of all its own error: what else fails, fails for that reason.
      if (event.problem) this.destroy(netError(event.problem))
      this.#hangUp()
      this.#end()
    }
  }

  #onOpened({ remote, local }: Extract<NetEvent, { kind: "opened" }>): void {
    this.#remote = remote
    this.#local = local
    this.connecting = false
    this.emit("connect")
    this.emit("ready")
  }

  #onData(bytes: Bytes): void {
    this.#lastWentOut = false
    this.bytesRead += bytes.length
    this.#untakenBytes += bytes.length
    if (this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) this.#take()
  }

  #take(): void {
    if (this.#untakenBytes === 0) return
    this.#wire?.send({ kind: "net_taken", bytes: this.#untakenBytes })
    this.#untakenBytes = 0
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#lastWentOut = false
    this.push(null)
    this.read(0)
  }

  #settleWrite(error?: Error): void {
    const done = this.#written
    this.#written = undefined
    done?.(error)
  }

  #hangUp(): void {
    const wire = this.#wire
    this.#wire = undefined
    wire?.hangUp()
    this.#settleWrite(netError({ code: "EPIPE", message: "write EPIPE" }))
  }

  override _read(): void {
    this.#take()
  }

  /** Before it is connected, too: what was written goes out in the moment in which it is. */
  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    if (!this.#wire) {
      done(netError({ code: "EPIPE", message: "write EPIPE" }))
      return
    }
    // A copy: what is behind the chunk may be the memory of many others.
    const bytes = new Uint8Array(chunk)
    this.#lastWentOut = true
    this.#movedAtMs = clockMs()
    this.#bytesWritten += bytes.length
    this.#refreshTimer()
    this.#written = done
    this.#wire.send({ kind: "net_write", bytes }, [bytes.buffer])
  }

  override _final(done: Done): void {
    this.#wire?.send({ kind: "net_end" })
    done()
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer)
    this.connecting = false
    this.#wire?.send({ kind: "net_close" })
    this.#hangUp()
    done(error)
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once("finish", () => this.destroy())
  }

  resetAndDestroy(): this {
    return this.destroy()
  }

  setTimeout(ms: number, listener?: () => void): this {
    this.timeout = ms
    if (ms === 0) {
      clearTimeout(this.#timer)
      if (listener) this.off("timeout", listener)
      return this
    }
    if (listener) this.once("timeout", listener)
    this.#refreshTimer()
    return this
  }

  #refreshTimer(): void {
    clearTimeout(this.#timer)
    if (this.timeout > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit("timeout"), this.timeout).unref()
    }
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    this.#isUnreffed = false
    return this
  }

  /** The agents of `http` and `fetch` do this to a connection that they keep for the next request. */
  unref(): this {
    this.#isUnreffed = true
    return this
  }

  address(): object {
    if (!this.#local) return {}
    const { address, port, family } = this.#local
    return { address, port, family: `IPv${family}` }
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  get pending(): boolean {
    return !this.#wire || this.connecting
  }

  get readyState(): string {
    if (this.connecting) return "opening"
    if (this.readable && this.writable) return "open"
    if (this.readable) return "readOnly"
    return this.writable ? "writeOnly" : "closed"
  }

  get remoteAddress(): string | undefined {
    return this.#remote?.address
  }

  get remotePort(): number | undefined {
    return this.#remote?.port
  }

  get remoteFamily(): string | undefined {
    return this.#remote && `IPv${this.#remote.family}`
  }

  get localAddress(): string | undefined {
    return this.#local?.address
  }

  get localPort(): number | undefined {
    return this.#local?.port
  }

  get localFamily(): string | undefined {
    return this.#local && `IPv${this.#local.family}`
  }
}

/** Whether `http` or `fetch` waits for an answer on a socket; their agents unref one that they keep. */
function awaitsHttp(socket: Duplex): boolean {
  const request: unknown = get(socket, "_httpMessage")
  if (typeof request !== "object" || request === null) return ownKeys(socket).some(isOfFetch)
  const answer: unknown = get(request, "res")
  // Nobody reads one that is complete, or it would not be here any more.
  return typeof answer !== "object" || answer === null || get(answer, "complete") !== true
}

/** By this mark `fetch` knows whether it has unreffed a socket. */
function isOfFetch(key: string | symbol): boolean {
  return typeof key === "symbol" && key.description === "no ref"
}
