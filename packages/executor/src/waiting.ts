import type { Outcome } from "@hooklane/core"

/** A run that stands in a line. */
export interface Waiter<Admission> {
  /** Ends the wait. The caller has taken the waiter out of its line. */
  admit(admission: Admission): void
  refuse(outcome: Outcome): void
}

export interface Patience {
  signal: AbortSignal
  patienceMs: number
}

/** How a wait ended: admitted, or with how the run ends without having begun. */
export type Waited<Admission> = { admission: Admission } | { refusal: Outcome }

/** Puts a run at the end of a line, from which it goes by itself when its patience ends or nobody wants it. */
export function waitInLine<Admission>(
  line: Waiter<Admission>[],
  { signal, patienceMs }: Patience,
): Promise<Waited<Admission>> {
  const { promise, resolve } = Promise.withResolvers<Waited<Admission>>()
  const decide = (waited: Waited<Admission>) => {
    clearTimeout(timer)
    signal.removeEventListener("abort", onAbort)
    resolve(waited)
  }
  const waiter: Waiter<Admission> = {
    admit: (admission) => decide({ admission }),
    refuse: (refusal) => decide({ refusal }),
  }
  const giveUp = (refusal: Outcome) => {
    line.splice(line.indexOf(waiter), 1)
    decide({ refusal })
  }
  const timer = setTimeout(giveUp, patienceMs, {
    status: "no_executor",
    reason: `none was free within ${patienceMs} ms`,
  })
  const onAbort = () => giveUp({ status: "cancelled" })
  signal.addEventListener("abort", onAbort, { once: true })
  line.push(waiter)
  return promise
}
