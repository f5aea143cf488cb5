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

type Timer = NodeJS.Timeout | NodeJS.Immediate
type Callback = (...args: unknown[]) => void

const MAX_TIMERS = 1_000

/** Node's own; later a hook has others by these names. */
const { setTimeout, setInterval, setImmediate, clearTimeout, clearImmediate } = globalThis

export interface TimerKeeper {
  timers: HookTimers
  /** Lets a new run make timers. */
  open(): void
  /** Ends every timer; those made from now on never fire. */
  close(): void
  /** Those that would keep a program alive. */
  left(): { once: number; repeated: number }
}

export function createTimers(): TimerKeeper {
  /** Each by itself, so that any value can be looked up. */
  const live = new Map<unknown, Timer>()
  const repeated = new WeakSet<Timer>()
  let isOpen = false

  function remember<One extends Timer>(timer: One): One {
    live.set(timer, timer)
    if (!isOpen || live.size > MAX_TIMERS) {
      end(timer)
      if (isOpen) throw new RangeError(`A hook may have ${MAX_TIMERS} timers at once`)
    }
    return timer
  }

  function end(timer: Timer): void {
    live.delete(timer)
    if ("refresh" in timer) clearTimeout(timer)
    else clearImmediate(timer)
  }

  function clear(handle: unknown): void {
    const timer = live.get(handle) ?? (typeof handle === "object" ? undefined : withNumber(handle))
    if (timer) end(timer)
  }

  /** Node lets a timer be cleared by its number, too. */
  function withNumber(number: unknown): Timer | undefined {
    return [...live.values()].find((timer) => String(Number(timer)) === String(number))
  }

  function once(callback: Callback, ms?: number, ...args: unknown[]): NodeJS.Timeout {
    const timer = setTimeout(() => {
      live.delete(timer)
      callback(...args)
    }, ms)
    return remember(timer)
  }

  function repeat(callback: Callback, ms?: number, ...args: unknown[]): NodeJS.Timeout {
    const timer = setInterval(callback, ms, ...args)
    repeated.add(timer)
    return remember(timer)
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
      for (const timer of live.values()) end(timer)
    },
    left: () => countLeft(live.values(), repeated),
  }
}

function countLeft(live: Iterable<Timer>, repeated: WeakSet<Timer>): { once: number; repeated: number } {
  const left = { once: 0, repeated: 0 }
  for (const timer of live) if (timer.hasRef()) left[repeated.has(timer) ? "repeated" : "once"] += 1
  return left
}

/** The promisified forms are there, put on with `defineProperty`, which the compiler does not follow. */
function asTimers(timers: { [Name in keyof HookTimers]: unknown }): HookTimers {
  return timers as HookTimers
}
