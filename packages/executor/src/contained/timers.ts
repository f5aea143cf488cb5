import { promisify } from "node:util"

/** The timers of a hook: Node's own, remembered so that none outlives its run. */
export interface HookTimers {
  setTimeout: typeof setTimeout
  setInterval: typeof setInterval
  setImmediate: typeof setImmediate
  clearTimeout: typeof clearTimeout
  clearInterval: typeof clearInterval
  clearImmediate: typeof clearImmediate
}

type Callback = (...args: unknown[]) => void

const MAX_TIMERS = 1_000

export interface TimerKeeper {
  timers: HookTimers
  /** Lets a new run make timers. */
  open(): void
  /** Ends every timer; those made from now on never fire. */
  close(): void
}

export function createTimers(): TimerKeeper {
  const live = new Set<NodeJS.Timeout | NodeJS.Immediate>()
  let isOpen = false

  function remember<Timer extends NodeJS.Timeout | NodeJS.Immediate>(timer: Timer): Timer {
    live.add(timer)
    if (!isOpen || live.size > MAX_TIMERS) {
      end(timer)
      if (isOpen) throw new RangeError(`A hook may have ${MAX_TIMERS} timers at once`)
    }
    return timer
  }

  function end(timer: NodeJS.Timeout | NodeJS.Immediate): void {
    live.delete(timer)
    if ("refresh" in timer) clearTimeout(timer)
    else clearImmediate(timer)
  }

  function clear(handle: unknown): void {
    for (const timer of live) {
      // A timer may be cleared by its number, too.
      if (timer === handle || ("refresh" in timer && Number(timer) === Number(handle))) return end(timer)
    }
  }

  function once(callback: Callback, ms?: number, ...args: unknown[]): NodeJS.Timeout {
    const timer = setTimeout(() => {
      live.delete(timer)
      callback(...args)
    }, ms)
    return remember(timer)
  }

  function repeat(callback: Callback, ms?: number, ...args: unknown[]): NodeJS.Timeout {
    return remember(setInterval(callback, ms, ...args))
  }

  function soon(callback: Callback, ...args: unknown[]): NodeJS.Immediate {
    const timer = setImmediate(() => {
      live.delete(timer)
      callback(...args)
    })
    return remember(timer)
  }

  Object.defineProperty(once, promisify.custom, {
    value: (ms?: number, value?: unknown) => new Promise((resolve) => once(resolve, ms, value)),
  })
  Object.defineProperty(soon, promisify.custom, {
    value: (value?: unknown) => new Promise((resolve) => soon(resolve, value)),
  })

  return {
    timers: asTimers({
      setTimeout: once,
      setInterval: repeat,
      setImmediate: soon,
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    }),
    open: () => {
      isOpen = true
    },
    close: () => {
      isOpen = false
      for (const timer of live) end(timer)
    },
  }
}

/** The promisified forms are there, put on with `defineProperty`, which the compiler does not follow. */
function asTimers(timers: { [Name in keyof HookTimers]: unknown }): HookTimers {
  return timers as HookTimers
}
