import type { HookTimers } from "./timers.ts"

/**
 * What `require` gives a hook. Network modules are Node's own for as long as connections are made in the thread;
 * an egress broker takes their place.
 */
const REAL = [
  "assert",
  "assert/strict",
  "buffer",
  "crypto",
  "dns",
  "events",
  "http",
  "https",
  "net",
  "path",
  "path/posix",
  "punycode",
  "querystring",
  "stream",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "tls",
  "url",
  "util",
  "util/types",
  "zlib",
]

/** Many packages load these and never call them, so loading is allowed and any call is not. */
const DENIED = [
  "child_process",
  "cluster",
  "dgram",
  "diagnostics_channel",
  "ffi",
  "fs",
  "fs/promises",
  "http2",
  "inspector",
  "inspector/promises",
  "module",
  "readline",
  "readline/promises",
  "repl",
  "sea",
  "sqlite",
  "test",
  "trace_events",
  "v8",
  "vfs",
  "vm",
  "wasi",
  "worker_threads",
]

export interface RequirePowers {
  timers: HookTimers
  process: object
  console: object
}

export function createRequire(powers: RequirePowers): (id: unknown) => unknown {
  const { getBuiltinModule } = process
  const loaded = new Map<string, unknown>(Object.entries(createShims(powers)))

  function load(name: string): unknown {
    if (REAL.includes(name)) return getBuiltinModule(name)
    if (DENIED.includes(name)) return deny(name)
    return undefined
  }

  return (id) => {
    const name = String(id).replace(/^node:/, "")
    const known = loaded.get(name) ?? load(name)
    if (known === undefined) throw notFound(String(id))
    loaded.set(name, known)
    return known
  }
}

function notFound(id: string): Error {
  return Object.assign(new Error(`Cannot find module '${id}'`), { code: "MODULE_NOT_FOUND" })
}

function createShims({ timers, process: hookProcess, console }: RequirePowers): Record<string, unknown> {
  const { AsyncLocalStorage, AsyncResource } = process.getBuiltinModule("async_hooks")
  const { EOL, constants } = process.getBuiltinModule("os")
  const wait = (ms?: number, value?: unknown) =>
    new Promise((resolve) => timers.setTimeout(resolve, ms, value))
  return {
    console,
    process: hookProcess,
    timers,
    "timers/promises": {
      setTimeout: wait,
      setImmediate: (value?: unknown) => new Promise((resolve) => timers.setImmediate(resolve, value)),
      scheduler: { wait, yield: () => new Promise((resolve) => timers.setImmediate(resolve)) },
    },
    async_hooks: { AsyncLocalStorage, AsyncResource },
    perf_hooks: { performance: { now: () => performance.now(), timeOrigin: performance.timeOrigin } },
    tty: { isatty: () => false },
    os: {
      EOL,
      constants,
      platform: () => process.platform,
      arch: () => process.arch,
      type: () => "Linux",
      release: () => "0.0.0",
      hostname: () => "localhost",
      homedir: () => "/",
      tmpdir: () => "/tmp",
      cpus: () => [],
      totalmem: () => 0,
      freemem: () => 0,
      uptime: () => 0,
      endianness: () => "LE",
    },
  }
}

/** A module, function or class that exists but refuses to act, whatever path of properties leads to it. */
function deny(path: string): unknown {
  const refuse = () => {
    const message = `${path} is not available to hooks`
    throw Object.assign(new Error(message), { code: "ERR_HOOK_DENIED" })
  }
  return new Proxy(function denied() {}, {
    get(target, key) {
      if (key === "then" || key === "__esModule") return undefined
      if (typeof key === "symbol" || key in target) return Reflect.get(target, key)
      return deny(`${path}.${key}`)
    },
    apply: refuse,
    construct: refuse,
  })
}
