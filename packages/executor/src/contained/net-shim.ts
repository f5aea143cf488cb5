import net from "node:net"
import { Duplex } from "node:stream"
import type * as Tls from "node:tls"
import { readConnectArguments } from "./connect-arguments.ts"
import { coverSocket, HookSocket, type SocketOptions } from "./hook-socket.ts"
import { type Network, netError } from "./network.ts"

// An import would read all that it exports, and so load `fetch` and web streams, into every executor.
const http = process.getBuiltinModule("node:http")
const tls = process.getBuiltinModule("node:tls")
process.getBuiltinModule("node:https")

type SocketConstructor = new (options?: SocketOptions | number) => HookSocket

const RealSocket = net.Socket
const connectTls = tls.connect
const { apply, construct } = Reflect
const { isPrototypeOf: isAbove } = Object.prototype
const { setPrototypeOf, getPrototypeOf } = Object

/**
 * Turns every way that Node's modules have to a connection into one to the broker, and gives the `net` of hooks.
 * `http`, `https`, `tls` and `fetch` make theirs with what `net` and `tls` hold at that moment, so nothing inside
 * them has to be known. It is done before a hook is here, which could watch and keep the real socket class: that
 * one opens descriptors.
 */
export function installNetShim(network: Network): object {
  const Socket = socketClass(network)
  const wrap = getPrototypeOf(streamWrap())
  const guard = guardOf(Socket, wrap)

  function connect(...args: unknown[]): HookSocket {
    const { to, options, listener } = readConnectArguments(args)
    const socket = new Socket(options)
    const { timeout } = options
    if (typeof timeout === "number") socket.setTimeout(timeout)
    if (listener) socket.once("connect", listener)
    socket.open(to)
    return socket
  }

  hideRealSocket(guard, wrap)
  const open = { connect, createConnection: connect, Socket: guard, Stream: guard }
  Object.assign(net, open)
  Object.assign(tls, { connect: connectSecurely(connect) })
  http.Agent.prototype.createConnection = connect
  return netModule(open)
}

function socketClass(network: Network): SocketConstructor {
  return class Socket extends HookSocket {
    constructor(options: SocketOptions | number = {}) {
      if (typeof options === "number" || options?.fd !== undefined) throw refusal("open", "descriptors")
      super(network, options ?? {})
    }

    connect(...args: unknown[]): this {
      const { to, listener } = readConnectArguments(args)
      if (listener) this.once("connect", listener)
      this.open(to)
      return this
    }
  }
}

function connectSecurely(connect: (...args: unknown[]) => HookSocket): typeof tls.connect {
  return (...args: unknown[]) => {
    const { options, listener } = readConnectArguments(args)
    const { socket = connect(options), path: _, ALPNProtocols, ...rest } = options
    // `http2` is not for hooks, and `fetch` would choose it where a server has it.
    const protocols = Array.isArray(ALPNProtocols)
      ? ALPNProtocols.filter((one) => one !== "h2")
      : ALPNProtocols
    const all = { ...rest, ...(protocols !== undefined && { ALPNProtocols: protocols }), socket }
    const secured: Tls.TLSSocket = apply(connectTls, tls, [all, listener])
    if (socket instanceof HookSocket) {
      cover(socket, secured)
      if (!socket.pending) beginNow(secured)
    }
    const { timeout } = options
    if (typeof timeout === "number") secured.setTimeout(timeout)
    return secured
  }
}

/** Whether a connection holds its run is said to the TLS socket, whose handle does not pass it on. */
function cover(socket: HookSocket, secured: Tls.TLSSocket): void {
  coverSocket(socket, secured)
  const pass = (name: "ref" | "unref") => () => {
    socket[name]()
    return secured
  }
  for (const name of ["ref", "unref"] as const) Object.defineProperty(secured, name, { value: pass(name) })
}

/** Node takes a socket without a handle for one that is not connected yet, and waits for what has been. */
function beginNow(secured: Tls.TLSSocket): void {
  Object.assign(secured, { connecting: false })
  secured.emit("connect")
}

/**
 * What takes the place of `net.Socket`. Node's TLS is a real socket around a stream: that one is still made, of
 * the stream and of nothing else. Whatever else asks for a socket gets a hook's.
 */
function guardOf(Socket: SocketConstructor, wrap: object): object {
  const { prototype } = tls.TLSSocket
  const isInner = (value: unknown) => apply(isAbove, prototype, [value]) || apply(isAbove, wrap, [value])

  function guard(this: unknown, options?: SocketOptions | number): unknown {
    if (isInner(this)) {
      const given = typeof options === "object" ? options : {}
      return apply(RealSocket, this, [{ ...given, fd: undefined }])
    }
    return construct(Socket, [options], new.target ?? Socket)
  }
  guard.prototype = Socket.prototype
  Object.defineProperty(guard, "name", { value: "Socket" })
  Object.defineProperty(guard, Symbol.hasInstance, {
    value: (one: unknown) =>
      apply(isAbove, Socket.prototype, [one]) || apply(isAbove, RealSocket.prototype, [one]),
  })
  return guard
}

/** What Node puts between TLS and a stream that is not one of its own sockets. */
function streamWrap(): object {
  const secured = new tls.TLSSocket(asSocket(new Duplex({ read() {}, write() {} })))
  const handle: unknown = Reflect.get(secured, "_handle")
  const wrap: unknown = Reflect.get(Object(handle), "_parentWrap")
  secured.on("error", () => {}).destroy()
  return Object(wrap)
}

/** Any duplex stream will do, as Node's documentation says; its type does not. */
function asSocket(stream: Duplex): net.Socket {
  return stream as net.Socket
}

function hideRealSocket(guard: object, wrap: object): void {
  setPrototypeOf(tls.TLSSocket, guard)
  setPrototypeOf(wrap.constructor, guard)
  Object.assign(RealSocket.prototype, { constructor: guard, connect: refuser("connect", "local sockets") })
  const listen = refuser("listen", "servers")
  Object.assign(net.Server.prototype, { listen, _listen2: listen })
  for (const name of WITH_HANDLES) Reflect.deleteProperty(net, name)
}

const WITH_HANDLES = ["BoundSocket", "_TransferredBoundSocket", "_createServerHandle", "createServer"]

function netModule(open: object): object {
  const { isIP, isIPv4, isIPv6, BlockList, SocketAddress } = net
  const nothing = () => {}
  return {
    ...open,
    isIP,
    isIPv4,
    isIPv6,
    BlockList,
    SocketAddress,
    createServer: refuser("listen", "servers"),
    Server: refuser("listen", "servers"),
    // Packages set these when they are loaded; the broker connects in its own way.
    getDefaultAutoSelectFamily: () => false,
    setDefaultAutoSelectFamily: nothing,
    getDefaultAutoSelectFamilyAttemptTimeout: () => 250,
    setDefaultAutoSelectFamilyAttemptTimeout: nothing,
  }
}

function refuser(call: string, what: string) {
  return function refuse(): never {
    throw refusal(call, what)
  }
}

function refusal(call: string, what: string): Error {
  return netError({ code: "EACCES", message: `${call} EACCES - hooks have no ${what}` })
}
