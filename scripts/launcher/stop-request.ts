export interface StopRequest {
  /** Aborted when the user, the system or the parent process asks to stop, or when `fail` was called. */
  signal: AbortSignal
  /** Stops for a reason of ours; the signal then carries the error. */
  fail(error: Error): void
}

/** One Ctrl-C arrives up to three times: from the terminal, and passed on by npm and by the script in front. */
const SAME_REQUEST_MS = 500

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Listens for the wish to stop: a signal, or the end of the process that started this one. The second signal calls
 * `onImpatience`, which should end everything at once.
 */
export function listenForStop(onImpatience: () => void): StopRequest {
  const controller = new AbortController()
  let firstAt: number | undefined
  const request = () => {
    firstAt ??= Date.now()
    if (Date.now() - firstAt > SAME_REQUEST_MS) onImpatience()
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, request)
  // Never impatience: it comes when the process in front ends, and when this one closes the channel at its end.
  process.on("disconnect", () => controller.abort())
  return { signal: controller.signal, fail: (error) => controller.abort(error) }
}
