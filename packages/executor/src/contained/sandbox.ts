import type { Script } from "node:vm"
import type { LogLine } from "@hooklane/core"
import type { HookCode } from "../protocol.ts"
import { createCodeFromText } from "./code-from-text.ts"
import { HOOK_FILE, scopeOf } from "./compile-hook.ts"
import { createConsole } from "./hook-console.ts"
import { openHookGlobals } from "./hook-globals.ts"
import type { PackageLoaders } from "./hook-packages.ts"
import { createHookPerformance } from "./hook-performance.ts"
import { createHookProcess } from "./hook-process.ts"
import { createBuiltins, createRequire, type Require } from "./hook-require.ts"
import { hideOwnFrames } from "./own-frames.ts"
import { type Prelude, prelude } from "./prelude.ts"
import { createRealmWatch, type RealmWatch } from "./realm-watch.ts"
import { storageFace } from "./storage-face.ts"
import { structuredClone } from "./structured-clone.ts"
import type { HookTimers } from "./timers.ts"
import { closeTransfers } from "./transfer-methods.ts"

export interface SandboxPowers {
  /** Modules of a hook that only look like Node's, by name. */
  shims: Readonly<Record<string, unknown>>
  timers: HookTimers
  print(level: LogLine["level"], values: unknown[]): void
  exit(code: unknown): void
}

/** What a thread makes of its hook's code. */
export interface SandboxedCode {
  code: HookCode
  /** Compiled by `compilePackages`; undefined for a hook without npm packages. */
  packages: Script | undefined
}

/** The thread as its hook sees it: the hook has no realm of its own, this one is made into it. */
export interface Sandbox {
  watch: RealmWatch
  /** What calls the hook, with intrinsics as they are now: to be made before its code runs. */
  prepare(code: SandboxedCode): Prelude
}

/** Turns the global object of this thread into a hook's. There is no way back. */
export function openSandbox(powers: SandboxPowers): Sandbox {
  hideOwnFrames()
  const { timers } = powers
  const hookConsole = createConsole(powers.print)
  const hookProcess = createHookProcess(powers)
  const performance = createHookPerformance()
  const createStorage = storageFace()
  let scope: Record<string, unknown> = {}
  const own = { console: hookConsole, process: hookProcess, performance }
  const given = {
    ...timers,
    ...own,
    ...createCodeFromText(() => scope),
    global: globalThis,
    structuredClone,
    MessagePort: nobodysClass(),
  }
  const shims = Object.values(powers.shims)
  // Classes of Node's are among them that it loads only when it is asked for them.
  closeTransfers(shims)
  const watch = createRealmWatch([own.console, performance, timers, ...shims])
  openHookGlobals({ given, onLoad: (loaded) => watch.lend([loaded]) })
  watch.begin()
  const findBuiltin = createBuiltins({ ...powers, ...own, onLend: (module) => watch.lend([module]) })
  return {
    watch,
    prepare({ code, packages }) {
      const openPackages =
        packages && ((require: Require) => asPackages(packages.runInThisContext())(require))
      return prelude({
        signature: code.signature,
        scope: scopeOf(code),
        require: createRequire({ findBuiltin, openPackages }),
        createStorage,
        hookFile: HOOK_FILE,
        onScope: (values) => {
          scope = values
        },
      })
    },
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

/** The script is one of `compilePackages`, so its value is that function. */
function asPackages(value: unknown): (require: Require) => PackageLoaders {
  return value as ReturnType<typeof asPackages>
}
