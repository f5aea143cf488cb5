import type { Outcome } from "@hooklane/core"
import type { Admission, Visitor } from "./places.ts"

/** A run that stands in a line. */
export interface Waiter {
  /** Ends the wait. The caller has taken the waiter out of its line. */
  decide(admission: Admission): void
}

/** Puts a run at the end of a line, from which it goes by itself when its patience ends or nobody wants it. */
export function waitInLine(
  line: Waiter[],
  { signal, patienceMs }: Pick<Visitor, "signal" | "patienceMs">,
): Promise<Admission> {
  const { promise, resolve } = Promise.withResolvers<Admission>()
  const waiter: Waiter = {
    decide(admission) {
      clearTimeout(timer)
      signal.removeEventListener("abort", onAbort)
      resolve(admission)
    },
  }
  const giveUp = (outcome: Outcome) => {
    line.splice(line.indexOf(waiter), 1)
    waiter.decide({ status: "refused", outcome })
  }
  const timer = setTimeout(giveUp, patienceMs, { status: "timed_out", afterMs: patienceMs })
  const onAbort = () => giveUp({ status: "cancelled" })
  signal.addEventListener("abort", onAbort, { once: true })
  line.push(waiter)
  return promise
}
