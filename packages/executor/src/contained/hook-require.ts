import { aloneInItsProcess, deny } from "./denied-module.ts"
import { createDiagnosticsShim } from "./diagnostics-shim.ts"
import type { PackageLoaders } from "./hook-packages.ts"
import { closeDoors } from "./lockdown.ts"
import { missingModule } from "./missing-module.ts"
import type { HookTimers } from "./timers.ts"
import { closeTransfers } from "./transfer-methods.ts"

const { getBuiltinModule, platform, arch } = process
const { AsyncLocalStorage, AsyncResource } = getBuiltinModule("async_hooks")
const { EOL, constants } = getBuiltinModule("os")

/** Node's own for hooks. `http`, `https` and `tls` are, too: the connections they make are the broker's. */
const REAL = [
  "assert",
  "assert/strict",
  "buffer",
  "constants",
  "crypto",
  "events",
  "http",
  "https",
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
  "domain",
  "ffi",
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
]

export interface BuiltinPowers {
  /** The modules that only look like Node's, by name. */
  shims: Readonly<Record<string, unknown>>
  /** Called with a module that the hook shares with the thread from now on. */
  onLend(module: unknown): void
  timers: HookTimers
  process: object
  console: object
  performance: object
}

export interface RequireOptions {
  findBuiltin: FindBuiltin
  /** The hook's npm packages, when it has any; they get the `require` that has Node's modules only. */
  openPackages: ((require: Require) => PackageLoaders) | undefined
}

export type Require = (id: unknown) => unknown
/** Undefined when Node has no module of the name. */
export type FindBuiltin = (specifier: string) => unknown

/** Node's modules come before packages of the same name, as they do in Node. */
export function createRequire({ findBuiltin, openPackages }: RequireOptions): Require {
  let loaders: PackageLoaders | undefined

  function requireBuiltin(id: unknown): unknown {
    const specifier = String(id)
    const builtin = findBuiltin(specifier)
    if (builtin === undefined) throw missingModule(specifier)
    return builtin
  }

  return (id) => {
    const specifier = String(id)
    const builtin = findBuiltin(specifier)
    if (builtin !== undefined) return builtin
    loaders ??= openPackages?.(requireBuiltin) ?? {}
    const load = Object.hasOwn(loaders, specifier) ? loaders[specifier] : undefined
    if (!load) throw missingModule(specifier)
    return load()
  }
}

/** Node's modules as hooks have them; each is the same object whenever it is asked for. */
export function createBuiltins(powers: BuiltinPowers): FindBuiltin {
  const loaded = new Map<string, unknown>(Object.entries(createShims(powers)))

  function lend(name: string): unknown {
    const module: unknown = getBuiltinModule(name)
    closeDoors(name, Object(module))
    closeTransfers([module])
    powers.onLend(module)
    return module
  }

  function load(name: string): unknown {
    if (REAL.includes(name)) return lend(name)
    if (DENIED.includes(name)) return deny(name)
    return undefined
  }

  return (specifier) => {
    const name = specifier.replace(/^node:/, "")
    const known = loaded.get(name) ?? load(name)
    if (known !== undefined) loaded.set(name, known)
    return known
  }
}

function createShims(powers: BuiltinPowers): Record<string, unknown> {
  const { timers, process: hookProcess, console, performance } = powers
  const wait = (ms?: number, value?: unknown) =>
    new Promise((resolve) => timers.setTimeout(resolve, ms, value))
  return {
    ...powers.shims,
    console,
    process: hookProcess,
    timers,
    "timers/promises": {
      setTimeout: wait,
      setImmediate: (value?: unknown) => new Promise((resolve) => timers.setImmediate(resolve, value)),
      scheduler: { wait, yield: () => new Promise((resolve) => timers.setImmediate(resolve)) },
    },
    diagnostics_channel: createDiagnosticsShim(),
    worker_threads: deny("worker_threads", aloneInItsProcess()),
    fs: deny("fs", { existsSync: () => false }),
    async_hooks: { AsyncLocalStorage, AsyncResource },
    perf_hooks: { performance },
    tty: { isatty: () => false },
    os: {
      EOL,
      constants,
      platform: () => platform,
      arch: () => arch,
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
