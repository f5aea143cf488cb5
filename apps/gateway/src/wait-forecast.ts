import type { LaneLoad } from "@hooklane/queue"

/** Long enough to see several jobs end where hooks take seconds, short enough to notice a worker that left. */
const WINDOW_MS = 10_000

/** A few jobs in a short time tell little of a lane's speed: its worker may have just begun. */
const ENOUGH = { jobs: 10, ms: 2_000 }

/**
 * How long a job that comes to a lane now will wait, in ms, from looks at the lane. All gateways see the same lane,
 * so each of them comes to the same answer on its own.
 *
 * The lane's speed is measured only over times in which it was never empty: otherwise it would be the speed at which
 * jobs come. A job that is next in line now and has waited for longer than the last look is ago proves that.
 */
export function createWaitForecast(now: () => number): (load: LaneLoad) => number {
  let looks: { at: number; taken: number }[] = []

  return ({ waiting, taken, oldestWaitingMs }) => {
    const at = now()
    const last = looks.at(-1)
    const wasBusy = last !== undefined && waiting > 0 && oldestWaitingMs >= at - last.at
    looks = [...(wasBusy ? looks : []), { at, taken }].filter((look) => at - look.at <= WINDOW_MS)
    const [first] = looks
    const takenMeanwhile = first ? taken - first.taken : 0
    const measuredMs = first ? at - first.at : 0
    if (takenMeanwhile <= 0 || (takenMeanwhile < ENOUGH.jobs && measuredMs < ENOUGH.ms))
      return oldestWaitingMs
    return (waiting * measuredMs) / takenMeanwhile
  }
}
