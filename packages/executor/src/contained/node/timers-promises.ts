import type { HookTimers } from "../timers.ts"

interface WaitOptions {
  signal?: AbortSignal
  /** A hook's timers end with its run, so there is nothing to hold. */
  ref?: boolean
}

/** The `timers/promises` of hooks, made of their timers. */
export function createTimersPromises(timers: HookTimers): object {
  const wait = (ms?: number, value?: unknown, options: WaitOptions = {}) =>
    untilAborted(options, (done) => {
      const timer = timers.setTimeout(done, ms, value)
      return () => timers.clearTimeout(timer)
    })
  const soon = (value?: unknown, options: WaitOptions = {}) =>
    untilAborted(options, (done) => {
      const timer = timers.setImmediate(done, value)
      return () => timers.clearImmediate(timer)
    })

  async function* repeat(ms?: number, value?: unknown, options: WaitOptions = {}): AsyncGenerator<unknown> {
    let ready = 0
    let wake = () => {}
    const timer = timers.setInterval(() => {
      ready += 1
      wake()
    }, ms)
    try {
      while (true) {
        if (ready === 0) {
          await untilAborted(options, (done) => {
            wake = () => done(undefined)
            return () => {}
          })
        }
        ready -= 1
        yield value
      }
    } finally {
      timers.clearInterval(timer)
    }
  }

  const scheduler = {
    wait: (ms?: number, options?: WaitOptions) => wait(ms, undefined, options),
    yield: () => soon(),
  }
  return { setTimeout: wait, setImmediate: soon, setInterval: repeat, scheduler }
}

/** @param begin called with what ends the wait; gives back what takes it back */
function untilAborted(
  { signal }: WaitOptions,
  begin: (done: (value: unknown) => void) => () => void,
): Promise<unknown> {
  if (signal?.aborted) return Promise.reject(abortError(signal))
  return new Promise((resolve, reject) => {
    const abort = () => {
      takeBack()
      reject(abortError(signal))
    }
    const takeBack = begin((value) => {
      signal?.removeEventListener("abort", abort)
      resolve(value)
    })
    signal?.addEventListener("abort", abort, { once: true })
  })
}

/** As Node's. */
function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error("The operation was aborted", { cause: signal?.reason })
  error.name = "AbortError"
  return Object.assign(error, { code: "ABORT_ERR" })
}
