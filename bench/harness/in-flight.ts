import { percentile } from "./statistics.ts"

export interface Pace {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

/** How many calls are under way at once, and until when: for a time, or for a number of calls. */
export type Span = { inFlight: number } & ({ ms: number } | { count: number })

/**
 * Keeps calls under way: the next one begins when one has ended. `call` gets the number of the call and that of
 * the caller, who makes one after the other.
 */
export async function keepInFlight(
  call: (number: number, caller: number) => Promise<unknown> | undefined,
  span: Span,
): Promise<Pace> {
  const times: number[] = []
  const startedAt = performance.now()
  let started = 0
  const mayGoOn = () => ("ms" in span ? performance.now() - startedAt < span.ms : started < span.count)
  const run = async (caller: number) => {
    while (mayGoOn()) {
      const at = performance.now()
      await call(started++, caller)
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: span.inFlight }, (_, caller) => run(caller)))
  return paceOf(times, startedAt)
}

/** @param startedAt when the first call began, by `performance.now` */
export function paceOf(times: readonly number[], startedAt: number): Pace {
  const seconds = (performance.now() - startedAt) / 1_000
  return {
    perSecond: times.length / seconds,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
  }
}
