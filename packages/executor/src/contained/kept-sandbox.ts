import { type IntegrityWatch, intrinsicsOf, watchIntegrity } from "./integrity.ts"
import { SCOPE_PARTS } from "./run-scope.ts"
import type { Sandbox } from "./sandbox.ts"

/** The context of a hook, for as long as its runs leave it as it was. */
export interface KeptSandbox {
  readonly current: Sandbox | undefined
  /** Keeps a context in which the hook has just been loaded. */
  keep(sandbox: Sandbox): void
  /** Watches objects that contexts share with the thread. */
  lend(parts: object[]): void
  /** After a run. Says whether the thread may go on; `drop`: with a new context in any case. */
  rest(options: { drop: boolean }): boolean
}

export function createKeptSandbox(): KeptSandbox {
  /** What all contexts of this thread share: the language's own objects, and modules that were handed out. */
  const lent = watchIntegrity([...intrinsicsOf(globalThis), ...SCOPE_PARTS])
  /** A hook may patch things while it is loaded. That is its own state, for as long as it is loaded. */
  let isPatchedByLoad = false
  let own: IntegrityWatch | undefined
  let current: Sandbox | undefined
  return {
    get current() {
      return current
    },
    keep(sandbox) {
      current = sandbox
      own = sandbox.watch()
      isPatchedByLoad = !lent.isIntact()
      lent.accept()
    },
    lend: (parts) => lent.add(parts),
    rest({ drop }) {
      if (!lent.isIntact()) return false
      if (!drop && own?.isIntact()) return true
      current = undefined
      return !isPatchedByLoad
    },
  }
}
