import { AsyncLocalStorage } from "node:async_hooks"

/**
 * Tells which run a piece of code belongs to. A callback of native code, such as a key derivation, cannot be
 * taken back when its run is over, and must not act in the name of the next one.
 */
export interface RunScope<Run> {
  /** Makes `run` the one under way, and `act` and all that comes of it its own. */
  enter(run: Run, act: () => void): void
  /** Makes what comes of `act` the run's own. What calls a hook's code from outside needs it: a socket that closes. */
  within(run: Run, act: () => void): void
  leave(): void
  /** The run under way if the caller belongs to it. Otherwise the run under way is told that a stray is about. */
  own(): Run | undefined
  /** True while there is a run, whoever asks. */
  isBusy(): boolean
}

export function createRunScope<Run extends { isUnclean: boolean }>(): RunScope<Run> {
  const scope = new AsyncLocalStorage<Run>()
  // Hooks have the class, and may put methods of their own in the place of these.
  const getStore = scope.getStore.bind(scope)
  const runWithin: (run: Run, act: () => void) => void = scope.run.bind(scope)
  let active: Run | undefined
  return {
    enter(run, act) {
      active = run
      runWithin(run, act)
    },
    within: (run, act) => runWithin(run, act),
    leave() {
      active = undefined
    },
    own() {
      const owner = getStore()
      if (!active || owner === undefined || owner === active) return active
      active.isUnclean = true
      return undefined
    },
    isBusy: () => active !== undefined,
  }
}

/** What hooks share with it, when they use one of their own. */
export const SCOPE_PARTS: object[] = [AsyncLocalStorage, AsyncLocalStorage.prototype]
