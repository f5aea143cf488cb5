import { CANCELLED, type Cancellations } from "./cancellations.ts"

interface AttemptSignalDeps {
  /** Aborts when the consumer is closed by force. */
  signal: AbortSignal
  cancellations?: Cancellations
}

/** The signal of one attempt, until `close`: it aborts for its consumer, or for the one who cancels its execution. */
export function openAttemptSignal({ signal: forced, cancellations }: AttemptSignalDeps, executionId: string) {
  const stopping = new AbortController()
  const interrupt = () => stopping.abort()
  const cancel = () => stopping.abort(CANCELLED)
  if (forced.aborted) interrupt()
  forced.addEventListener("abort", interrupt)
  const unwatch = cancellations?.watch(executionId, cancel)
  return {
    signal: stopping.signal,
    cancel,
    close(): void {
      unwatch?.()
      forced.removeEventListener("abort", interrupt)
    },
  }
}
