import child_process from "node:child_process"
import fs from "node:fs"
import module from "node:module"
import net from "node:net"
import tls from "node:tls"
import worker_threads from "node:worker_threads"

/** As an escape would find it that had the time to prepare. */
const require = module.createRequire(import.meta.url)

/** What a locked thread still has; each entry is a wall that is down. To be run after `lockDown`. */
export function proveLockdown(process: NodeJS.Process): string[] {
  const left: Record<string, unknown> = {
    "fs is not empty": fs.readFileSync,
    "child_process is not empty": child_process.spawn,
    "module is not empty": module.createRequire,
    "worker_threads has Worker": worker_threads.Worker,
    "process can signal": process.kill,
    "process can exit": process.exit,
    "process can load": process.dlopen,
    "process can find modules": process.getBuiltinModule,
    "the global object has Node's process": Reflect.get(globalThis, "process") === process || undefined,
    "the global object has WebAssembly": Reflect.get(globalThis, "WebAssembly"),
  }
  const down = Object.keys(left).filter((name) => left[name] !== undefined)
  const attempts: Record<string, () => unknown> = {
    "net.Socket opens descriptors": () => new net.Socket({ fd: 3 }),
    "the socket of TLS opens descriptors": () => construct(Object.getPrototypeOf(tls.TLSSocket), { fd: 3 }),
    "net connects past the broker": () =>
      Reflect.apply(net.Socket.prototype.connect, realSocket(), [1, "127.0.0.1"]),
    "servers listen": () => new net.Server().listen({ fd: 3 }),
    "require loads fs": () => require("node:fs").readFileSync("/"),
    "require loads sqlite": () => require("node:sqlite"),
    "the thread makes code from text": () => Object(works).constructor("return 1"),
  }
  return [...down, ...Object.keys(attempts).filter((name) => works(attempts[name]))]
}

function works(attempt: (() => unknown) | undefined): boolean {
  try {
    attempt?.()
    return true
  } catch {
    return false
  }
}

function construct(Socket: new (options: object) => unknown, options: object): unknown {
  return new Socket(options)
}

/** One that TLS would use: not a hook's, which asks the broker. */
function realSocket(): unknown {
  return Object.create(Object.getPrototypeOf(tls.TLSSocket.prototype))
}
