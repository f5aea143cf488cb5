import type { OpenWork } from "./open-work.ts"
import { clockMs } from "./progress.ts"

/** What a run is after its answer, from inside its thread. */
export interface AfterAnswerOptions {
  limitMs: number
  left(): OpenWork
  /** A run waits for this thread. */
  isAwaited(): boolean
  /** The run was told to end, by itself. */
  isOver(): boolean
  onGoesOn(isAtRest: boolean): void
}

/** What was open when a run had to end; `isEarly` when it would have come to an end by itself. */
export interface Rest {
  cut: string[]
  isEarly: boolean
}

/** How often what is left is looked at. A run that takes longer can wait a little longer for its end to be seen. */
const LOOK_MS = 5
const LATER_LOOK_MS = 25
const LATER_MS = 200
/** An interval, when nothing else was under way for so long, is not waited for any more. */
const INTERVAL_REST_MS = 1_000

const { setTimeout, setImmediate } = globalThis

/**
 * Resolves when the work of a run that has answered is done, which takes a turn of the loop when there is none, or when
 * its limit is over.
 */
export async function finishWork(options: AfterAnswerOptions): Promise<Rest> {
  const { left, isAwaited, isOver, onGoesOn, limitMs } = options
  const answeredAt = clockMs()
  let busyAt = answeredAt
  let wasAtRest: boolean | undefined
  for (;;) {
    await nextTurn()
    const { underWay, atRest, intervals } = left()
    const now = clockMs()
    if (isOver()) return NOTHING
    if (underWay.length > 0) busyAt = now
    const isAtRest = underWay.length === 0
    if (isAtRest && intervals.length === 0 && atRest.length === 0) return NOTHING
    const cut = underWay.concat(intervals, atRest)
    const rests = isAtRest && (intervals.length === 0 || isAwaited() || now - busyAt >= INTERVAL_REST_MS)
    if (rests) return { cut, isEarly: false }
    if (now - answeredAt >= limitMs) return { cut, isEarly: !isAtRest }
    if (wasAtRest !== isAtRest) onGoesOn(isAtRest)
    wasAtRest = isAtRest
    await pause(now - answeredAt < LATER_MS ? LOOK_MS : LATER_LOOK_MS)
  }
}

const NOTHING: Rest = { cut: [], isEarly: false }

/** After all that promises and `nextTick` bring. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
