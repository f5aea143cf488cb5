import type { Answer, Ending } from "../protocol.ts"
import { type HookThread, openHookThread } from "./hook-thread.ts"
import type { Pool } from "./pool.ts"
import type { ThreadRun } from "./thread-run.ts"

/** The threads of a hook, and the runs that wait for one of them, in the order in which they came. */
export interface HookThreads {
  take(run: ThreadRun): void
  /**
   * Puts new threads in the place of all that are there, each after its run. One that left native code at work cannot
   * end, which ends the process.
   */
  renew(): void
  /** Ends it wherever it is. */
  stop(run: ThreadRun, ending: Ending, kill?: Answer["kill"]): void
  /** Those that no thread was given yet. */
  waiting(): readonly ThreadRun[]
}

export interface HookThreadsOptions {
  pool: Pool
  hook: SharedArrayBuffer
  priority: number
  /** Runs at once that have not answered; as many again may go on after their answers. */
  maxThreads: number
  /** As many threads are kept ready besides those that runs wait for. */
  standby: number
  /** A thread has taken a run that had to wait. */
  onBegun(run: ThreadRun): void
  onNotStarted(): void
}

/** All but one thread leave after so long without a run. */
const IDLE_LIMIT_MS = 60_000

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of the threads of one hook
export function openHookThreads({ maxThreads, standby, ...options }: HookThreadsOptions): HookThreads {
  const threads = new Set<HookThread>()
  const having = new Map<ThreadRun, HookThread>()
  const waiting: ThreadRun[] = []

  function open(): void {
    const thread = openHookThread({
      ...options,
      onFree: serveNext,
      onGoesOn: serveWaiting,
      onAtRest: () => void (waiting.length > 0 && thread.hurry()),
      onEnded: (run) => having.delete(run),
      onLeft: () => threads.delete(thread),
      onDied(untouched) {
        threads.delete(thread)
        if (untouched) {
          having.delete(untouched)
          waiting.unshift(untouched)
        }
        // At once: the next run would wait for it.
        open()
        serveWaiting()
      },
    })
    threads.add(thread)
  }

  function serveNext(thread: HookThread): void {
    if (!hasTurn()) return
    const run = waiting.shift()
    if (!run) return
    give(thread, run)
    options.onBegun(run)
  }

  /** A run has answered: another one may begin, although its thread is not free. */
  function serveWaiting(): void {
    const free = findFree()
    if (free) serveNext(free)
    else openIfShort()
  }

  function findFree(): HookThread | undefined {
    return hasTurn() ? [...threads].find(({ isFree }) => isFree) : undefined
  }

  function hasTurn(): boolean {
    return having.size - goingOn() < maxThreads
  }

  function goingOn(): number {
    let count = 0
    for (const thread of having.values()) if (thread.goesOn) count += 1
    return count
  }

  function give(thread: HookThread, run: ThreadRun): void {
    having.set(run, thread)
    thread.give(run, { othersWait: waiting.length > 0 })
    openIfShort()
  }

  /** A thread that comes up takes the run that has waited longest, which may be another by then. */
  function openIfShort(): void {
    const hurried = waiting.length > 0 ? [...threads].filter((thread) => thread.hurry()).length : 0
    const comingUp = hurried + [...threads].filter(({ isUp, isFree }) => !isUp || isFree).length
    const most = maxThreads + Math.min(goingOn(), maxThreads)
    if (threads.size < most && waiting.length + standby > comingUp) open()
  }

  setInterval(() => {
    // The first one stays: it is the warmest.
    for (const thread of [...threads].slice(1)) if (thread.idleMs() > IDLE_LIMIT_MS) thread.leave()
  }, IDLE_LIMIT_MS).unref()

  return {
    waiting: () => waiting,
    take(run) {
      const free = findFree()
      if (free && waiting.length === 0) {
        give(free, run)
        return
      }
      waiting.push(run)
      openIfShort()
    },
    renew() {
      for (const thread of threads) thread.retire()
    },
    stop(run, ending, kill) {
      const index = waiting.indexOf(run)
      if (index >= 0) waiting.splice(index, 1)
      const thread = having.get(run)
      if (thread) thread.stop(ending, kill)
      else run.settle(ending)
    },
  }
}
