import { closeDoors } from "../lockdown.ts"
import type { HookTimers } from "../timers.ts"
import { closeTransfers } from "../transfer-methods.ts"
import { findAlias } from "./aliases.ts"
import { denyModule } from "./denied-module.ts"
import { createDiagnosticsShim } from "./diagnostics-shim.ts"
import { createHookOs } from "./hook-os.ts"
import { createModuleShim } from "./module-shim.ts"
import { createPerfHooks } from "./performance-stand-ins.ts"
import { createReadOnlyFiles, type FilePowers } from "./read-only-files.ts"
import { createSetUpCalls } from "./set-up-calls.ts"
import { createTimersPromises } from "./timers-promises.ts"
import { createVmShim } from "./vm-shim.ts"
import { createWorkerThreadsShim } from "./worker-threads-shim.ts"

const { getBuiltinModule } = process
const { AsyncLocalStorage, AsyncResource, executionAsyncId, triggerAsyncId } = getBuiltinModule("async_hooks")

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
  "path/win32",
  "punycode",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "sys",
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
  "repl",
  "sea",
  "sqlite",
  "test",
  "test/reporters",
  "trace_events",
  "v8",
  "vfs",
  "wasi",
]

export interface BuiltinPowers {
  /** The modules that only look like Node's, by name. */
  shims: Readonly<Record<string, unknown>>
  /** Called with a module that the hook shares with the thread from now on. */
  onLend(module: unknown): void
  timers: HookTimers
  process: object & { stdout: FilePowers["stdout"]; stderr: FilePowers["stderr"] }
  console: object
  performance: object
  /** Classes of `perf_hooks`, and of messages, as the global object has them. */
  performanceClasses: Record<string, unknown>
  messageClasses: Record<string, unknown>
}

/** Undefined when Node has no module of the name. */
export type FindBuiltin = (specifier: string) => unknown

/** Node's modules as hooks have them; each is the same object whenever it is asked for. */
export function createBuiltins(powers: BuiltinPowers): FindBuiltin {
  const setUpCalls = createSetUpCalls()
  const loaded = new Map<string, unknown>(Object.entries(createShims(powers, find)))

  function lend(name: string): unknown {
    const module: unknown = getBuiltinModule(name)
    closeDoors(name, Object(module))
    closeTransfers([module])
    powers.onLend(module)
    return module
  }

  function load(name: string): unknown {
    if (REAL.includes(name)) return lend(name)
    if (DENIED.includes(name)) return denyModule(name, setUpCalls[name])
    return findAlias(name, find)
  }

  function find(specifier: string): unknown {
    const name = specifier.replace(/^node:/, "")
    const known = loaded.get(name) ?? load(name)
    if (known !== undefined) loaded.set(name, known)
    return known
  }

  return find
}

function createShims(powers: BuiltinPowers, find: FindBuiltin): Record<string, unknown> {
  const { timers, process: hookProcess, console, performance } = powers
  const timersPromises = createTimersPromises(timers)
  return {
    ...powers.shims,
    console,
    process: hookProcess,
    timers: { ...timers, promises: timersPromises },
    "timers/promises": timersPromises,
    diagnostics_channel: createDiagnosticsShim(),
    worker_threads: denyModule("worker_threads", createWorkerThreadsShim(powers.messageClasses)),
    fs: denyModule("fs", createReadOnlyFiles(hookProcess)),
    vm: denyModule("vm", createVmShim()),
    module: createModuleShim(find),
    async_hooks: createAsyncHooks(),
    perf_hooks: createPerfHooks(performance, powers.performanceClasses),
    tty: denyModule("tty", { isatty: () => false }),
    os: createHookOs(),
  }
}

/** A hook's own store is Node's. Hooks that hear of every asynchronous call are never called: they would hear of other runs. */
function createAsyncHooks(): object {
  const hook = { enable: () => hook, disable: () => hook }
  return {
    AsyncLocalStorage,
    AsyncResource,
    executionAsyncId,
    triggerAsyncId,
    executionAsyncResource: () => ({}),
    createHook: () => hook,
    asyncWrapProviders: {},
  }
}
