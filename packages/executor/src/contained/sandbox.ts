import type { Script } from "node:vm"
import type { LogLine } from "@hooklane/core"
import type { HookCode } from "../protocol.ts"
import { createCodeFromText } from "./code-from-text.ts"
import { HOOK_FILE, scopeOf } from "./compile-hook.ts"
import { openHookGlobals } from "./hook-globals.ts"
import type { PackageLoaders } from "./hook-packages.ts"
import { createRequire, type Require } from "./hook-require.ts"
import { createBuiltins } from "./node/builtins.ts"
import { createConsole } from "./node/hook-console.ts"
import { createHookPerformance } from "./node/hook-performance.ts"
import { createHookProcess } from "./node/hook-process.ts"
import { createMessageChannel } from "./node/message-channel.ts"
import { performanceClasses as createPerformanceClasses } from "./node/performance-stand-ins.ts"
import { createWebStandIns } from "./node/web-stand-ins.ts"
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
  /** The number of the run under way; undefined when there is none, or its log is full. */
  printingRun(): number | undefined
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
  const hookProcess = createHookProcess(powers)
  const hookConsole = createConsole({ ...powers, stdout: hookProcess.stdout, stderr: hookProcess.stderr })
  const performance = createHookPerformance()
  const performanceClasses = createPerformanceClasses()
  const messageClasses = createMessageChannel(timers)
  const createStorage = storageFace()
  let scope: Record<string, unknown> = {}
  const own = { console: hookConsole, process: hookProcess, performance }
  const given = {
    ...timers,
    ...own,
    ...createCodeFromText(() => scope),
    global: globalThis,
    structuredClone,
    ...messageClasses,
    ...performanceClasses,
    ...createWebStandIns(),
  }
  const shims = Object.values(powers.shims)
  // Classes of Node's are among them that it loads only when it is asked for them.
  closeTransfers(shims)
  const watch = createRealmWatch([own.console, performance, timers, ...shims])
  openHookGlobals({ given, onLoad: (loaded) => watch.lend([loaded]) })
  watch.begin()
  const findBuiltin = createBuiltins({
    ...powers,
    ...own,
    performanceClasses,
    messageClasses,
    onLend: (module) => watch.lend([module]),
  })
  Object.assign(hookProcess, { getBuiltinModule: findBuiltin })
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

/** The script is one of `compilePackages`, so its value is that function. */
function asPackages(value: unknown): (require: Require) => PackageLoaders {
  return value as ReturnType<typeof asPackages>
}
