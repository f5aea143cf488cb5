import type { RunOrder } from "./thread-protocol.ts"

/**
 * How far a thread is with its runs, in memory that it shares with the main thread. Nobody has to be woken to
 * learn it: the main thread looks when a run has taken long.
 */
export interface Progress {
  begin(run: RunOrder["run"]): void
  /** The run has ended with its answer. True when the main thread has not looked yet: then it needs no word of it. */
  end(): boolean
  /** For the main thread, when it has the answer: whether the run has ended. When not, it will be told. */
  lookForEnd(): boolean
  /** The last run that was begun is cleaned up. */
  rest(): void
  /** The last run that was begun; 0 before the first. */
  lastBegun(): number
  /** When that was, in milliseconds of the clock of all threads (`clockMs`). */
  begunAt(): number
  hasRested(): boolean
}

const BYTES = 24
const RUN = 0
const IS_AT_REST = 1
/** In words of four bytes: behind the time. */
const END = 4
const HAS_ENDED = 1
const WAS_LOOKED_FOR = 2

export function createProgressMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES)
}

/** Taken before there is user code in the thread. */
const { load, store, compareExchange } = Atomics
const { bigint: now } = process.hrtime

/** `performance.now` counts from the start of each thread; this counts from the same moment in all. */
export function clockMs(): number {
  return Number(now()) / 1e6
}

export function openProgress(memory: SharedArrayBuffer): Progress {
  const counters = new Int32Array(memory)
  const times = new Float64Array(memory, 8, 1)
  return {
    begin(run) {
      times[0] = clockMs()
      store(counters, IS_AT_REST, 0)
      store(counters, END, 0)
      store(counters, RUN, run)
    },
    end: () => compareExchange(counters, END, 0, HAS_ENDED) === 0,
    lookForEnd: () => compareExchange(counters, END, 0, WAS_LOOKED_FOR) === HAS_ENDED,
    rest: () => void store(counters, IS_AT_REST, 1),
    lastBegun: () => load(counters, RUN),
    begunAt: () => times[0] ?? 0,
    hasRested: () => load(counters, IS_AT_REST) === 1,
  }
}
