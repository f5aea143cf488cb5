import { constants, createContext, Script } from "node:vm"
import type { LogLine } from "@hooklane/core"
import type { HookCode } from "../protocol.ts"
import { HOOK_FILE, scopeOf } from "./compile-hook.ts"
import { createConsole } from "./hook-console.ts"
import type { PackageLoaders } from "./hook-packages.ts"
import { createHookProcess } from "./hook-process.ts"
import { createRequire } from "./hook-require.ts"
import { type IntegrityWatch, intrinsicsOf, watchIntegrity } from "./integrity.ts"
import { type Prelude, type PreludeInput, prelude } from "./prelude.ts"
import { storageFace } from "./storage-face.ts"
import type { HookTimers } from "./timers.ts"

export interface SandboxPowers {
  /** Modules of a hook that only look like Node's, by name. */
  shims: Readonly<Record<string, unknown>>
  timers: HookTimers
  /** Called with objects of the thread that the hook can reach from now on. */
  onLend(parts: object[]): void
  print(level: LogLine["level"], values: unknown[]): void
  exit(code: unknown): void
}

/** What a thread makes of its hook's code, as far as a context needs it. */
export interface SandboxedCode {
  code: HookCode
  /** Compiled by `compilePackages`; undefined for a hook without npm packages. */
  packages: Script | undefined
}

/** Taken as they are from the thread. `ArrayBuffer` and `Uint8Array` because a Buffer must be an instance. */
const SHARED_GLOBALS = [
  "AbortController",
  "AbortSignal",
  "ArrayBuffer",
  "Blob",
  "Buffer",
  "DOMException",
  "Event",
  "EventTarget",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "Uint8Array",
  "atob",
  "btoa",
  "queueMicrotask",
  "structuredClone",
]

/** Node loads these when they are first touched; so does a hook. */
const LAZY_GLOBALS = [
  "CompressionStream",
  "DecompressionStream",
  "File",
  "FormData",
  "Headers",
  "ReadableStream",
  "Request",
  "Response",
  "TextDecoderStream",
  "TextEncoderStream",
  "TransformStream",
  "WritableStream",
  "crypto",
  "fetch",
  "performance",
]

const REMOVED_GLOBALS = ["WebAssembly", "SharedArrayBuffer", "Atomics"]

const NATIVE_ERRORS = {
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

const preludeScript = new Script(`(${prelude})`, { filename: "hooklane:prelude" })
const storageScript = new Script(`(${storageFace})`, { filename: "hooklane:storage" })

/** A fresh context for one hook version: clean globals, its own `require`, and the prelude that calls the hook. */
export interface Sandbox extends Prelude {
  /** Watches the language's own objects in this context, as they are now. */
  watch(): IntegrityWatch
  /** The value of a compiled script in this context. */
  evaluate(script: Script): (...args: unknown[]) => unknown
}

export function createSandbox({ code, packages }: SandboxedCode, powers: SandboxPowers): Sandbox {
  // Not contextified: an ordinary global object without interceptors, which is faster and has fewer surprises.
  const global = createContext(constants.DONT_CONTEXTIFY, { codeGeneration: { strings: true, wasm: false } })
  const hookConsole = createConsole(powers.print)
  const hookProcess = createHookProcess(powers)
  const { shims, timers } = powers
  defineGlobals(global, { ...timers, console: hookConsole, process: hookProcess })
  const start = asPrelude(preludeScript.runInContext(global))
  const face = start({
    signature: code.signature,
    scope: scopeOf(code),
    require: createRequire({
      shims,
      onLend: powers.onLend,
      timers,
      process: hookProcess,
      console: hookConsole,
      openPackages: packages && ((require) => asPackages(packages.runInContext(global))(require)),
    }),
    nativeErrors: NATIVE_ERRORS,
    createStorage: asStorageFace(storageScript.runInContext(global))(),
    hookFile: HOOK_FILE,
  })
  return {
    ...face,
    evaluate: (script) => script.runInContext(global),
    watch: () => {
      const watch = watchIntegrity(intrinsicsOf(global))
      watch.addOpen(global)
      return watch
    },
  }
}

function defineGlobals(global: object, given: Record<string, unknown>): void {
  for (const name of REMOVED_GLOBALS) Reflect.deleteProperty(global, name)
  for (const name of SHARED_GLOBALS) define(global, name, Reflect.get(globalThis, name))
  for (const [name, value] of Object.entries(given)) define(global, name, value)
  define(global, "global", global)
  define(global, "MessagePort", nobodysClass())
  for (const name of LAZY_GLOBALS) {
    Object.defineProperty(global, name, {
      configurable: true,
      get: () => Reflect.get(globalThis, name),
      set: (value: unknown) => define(global, name, value),
    })
  }
}

/** Packages ask whether things are of this class; nothing of a hook's is. */
function nobodysClass(): object {
  return class MessagePort {
    constructor() {
      throw new TypeError("Illegal constructor")
    }
  }
}

function define(global: object, name: string, value: unknown): void {
  Object.defineProperty(global, name, { value, writable: true, configurable: true, enumerable: false })
}

/** The script is the text of `prelude`, so its value is that function, made in the context. */
function asPrelude(value: unknown): (input: PreludeInput) => Prelude {
  return value as typeof prelude
}

/** The script is the text of `storageFace`. */
function asStorageFace(value: unknown): typeof storageFace {
  return value as typeof storageFace
}

/** The script is one of `compilePackages`, so its value is that function. */
function asPackages(value: unknown): (require: (id: unknown) => unknown) => PackageLoaders {
  return value as ReturnType<typeof asPackages>
}
