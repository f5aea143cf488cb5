import { MessageChannel } from "node:worker_threads"
import type { Answer, Ending } from "../protocol.ts"
import type { Evidence } from "./evidence.ts"
import type { Pool } from "./pool.ts"
import { startProcessorTimer } from "./processor-timer.ts"
import { clockMs, createProgressMemory, openProgress } from "./progress.ts"
import type { RunMessage, RunOrder, ThreadMessage, ToThread } from "./thread-protocol.ts"
import { endingOf, type ThreadRun } from "./thread-run.ts"

/** A thread of the pool that serves the hook, one run at a time, and the clock of its run. */
export interface HookThread {
  readonly isUp: boolean
  /** True when it can take a run: at once, or when what the last one left is cleaned up. */
  readonly isFree: boolean
  /** Its run has answered, which was told, and is not at its end. */
  readonly goesOn: boolean
  /** True when its run goes on and only waits: it is told to end, and soon has. */
  hurry(): boolean
  /** Since when it has nothing to do; 0 while it has. */
  idleMs(): number
  give(run: ThreadRun, line: Pick<RunOrder, "othersWait">): void
  /** Ends the run that it has, and with it the thread. */
  stop(ending: Ending, kill?: Answer["kill"]): void
  /** Ends the thread after the run that it has. */
  retire(): void
  /** Gives the thread back to the pool. */
  leave(): void
}

export interface HookThreadOptions {
  pool: Pool
  hook: SharedArrayBuffer
  priority: number
  /** It can take the next run. */
  onFree(thread: HookThread): void
  /** The run has answered and goes on. */
  onGoesOn(): void
  /** Nothing of the run that goes on is under way. */
  onAtRest(): void
  /** The run has ended, by its answer or in another way. */
  onEnded(run: ThreadRun): void
  /** It was asked to, and is no longer there. */
  onLeft(): void
  /** It is no longer there; `untouched` is a run that it was given and had not begun. */
  onDied(untouched: ThreadRun | undefined): void
  /** The pool does not bring it up. */
  onNotStarted(): void
}

/** A thread is up after 10 to 100 ms of a processor. */
const START_LIMIT_MS = 5_000
const START_MAX_MS = 60_000
/** After its answer, a run has this long to come to rest, in time of a processor. */
const CLEAN_UP_LIMIT_MS = 250
const CLEAN_UP_MAX_MS = 2_000
/** After its answer, a run that goes on mostly says so at once. */
const ANNOUNCE_MS = 5
/** So long before its time is over, a run is asked where it is. */
const MAX_LEAD_MS = 100

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one thread
export function openHookThread({ pool, hook, priority, ...on }: HookThreadOptions): HookThread {
  const { port1: port, port2 } = new MessageChannel()
  const memory = createProgressMemory()
  const progress = openProgress(memory)
  const controller = new AbortController()
  let threadId: number | undefined
  let current: ThreadRun | undefined
  /** Its time is over: what it answers comes too late. */
  let expired: ThreadRun | undefined
  let goesOn = false
  let isAtRest = false
  let isEnding = false
  let isRetiring = false
  let freeSince = clockMs()
  let clock: NodeJS.Timeout | undefined
  const stopStartTimer = startProcessorTimer({
    limitMs: START_LIMIT_MS,
    maxMs: START_MAX_MS,
    onOver: on.onNotStarted,
  })
  let stopCleanUpTimer = () => {}

  const post = (message: ToThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

  const thread: HookThread = {
    get isUp() {
      return threadId !== undefined
    },
    get isFree() {
      return threadId !== undefined && !current && !isEnding
    },
    get goesOn() {
      return goesOn
    },
    hurry() {
      if (!goesOn || !isAtRest) return false
      post({ kind: "awaited" })
      return true
    },
    idleMs: () => (thread.isFree ? clockMs() - freeSince : 0),
    give(run, line) {
      current = run
      run.begin(post)
      clock = setTimeout(look, leadUpTo(run))
      post({ ...run.order, ...line })
    },
    stop(ending, kill) {
      end()
      settle(ending, { runMs: ranMs(), ...(kill && { kill }) })
    },
    retire() {
      isRetiring = true
      if (thread.isFree) end()
    },
    leave() {
      isEnding = true
      post({ kind: "leave" })
    },
  }

  /** Its time in the hook, as far as it has begun. */
  function ranMs(): number {
    return hasBegun() ? clockMs() - progress.begunAt() : 0
  }

  function hasBegun(): boolean {
    return current !== undefined && progress.lastBegun() === current.order.run
  }

  function end(): void {
    isEnding = true
    stopStartTimer()
    clearTimeout(clock)
    stopCleanUpTimer()
    pool.end(controller)
  }

  /** Just before the end, so that the answer at the deadline does not have to wait for it. */
  function look(): void {
    if (!current || threadId === undefined) return
    const run = current
    const leftMs = leadUpTo(run) - ranMs()
    // It had to wait for what the run before it left.
    if (leftMs > 1) clock = setTimeout(look, leftMs)
    else clock = setTimeout(expire, leadOf(run), run, pool.examine(threadId))
  }

  async function expire(run: ThreadRun, evidence: Promise<Evidence>): Promise<void> {
    expired = run
    const kill: Answer["kill"] = { reason: "wall_time", ...(await evidence) }
    if (run === current) thread.stop({ status: "timed_out" }, kill)
  }

  function settle(...ending: Parameters<ThreadRun["settle"]>): void {
    const run = current
    current = undefined
    goesOn = false
    if (!run) return
    run.settle(...ending)
    on.onEnded(run)
  }

  /** Most runs are at their end by then. */
  function onAnswered(): void {
    clearTimeout(clock)
    clock = setTimeout(announce, ANNOUNCE_MS)
  }

  function announce(): void {
    const run = current
    if (!run || goesOn) return
    goesOn = true
    isAtRest = false
    clearTimeout(clock)
    clock = setTimeout(expectEnd, run.goesOnMs ?? 0, run)
    run.announce()
    on.onGoesOn()
  }

  /** It ends itself, unless it does not let go of its thread. */
  function expectEnd(run: ThreadRun): void {
    stopCleanUpTimer()
    stopCleanUpTimer = startProcessorTimer({
      limitMs: CLEAN_UP_LIMIT_MS,
      maxMs: CLEAN_UP_MAX_MS,
      onOver: () => threadId !== undefined && run === current && void expire(run, pool.examine(threadId)),
    })
  }

  function onEnded(run: ThreadRun): void {
    goesOn = false
    clearTimeout(clock)
    stopCleanUpTimer()
    stopCleanUpTimer = startProcessorTimer({
      limitMs: CLEAN_UP_LIMIT_MS,
      maxMs: CLEAN_UP_MAX_MS,
      onOver: () => checkRest(run.order.run),
    })
    current = undefined
    freeSince = clockMs()
    on.onEnded(run)
    if (isRetiring) end()
    if (!isEnding) on.onFree(thread)
  }

  function checkRest(run: number): void {
    if (progress.lastBegun() === run && !progress.hasRested()) end()
  }

  port.on("message", (message: ThreadMessage) => {
    if (message.kind === "up") {
      threadId = message.threadId
      stopStartTimer()
      on.onFree(thread)
    } else if (message.kind === "unclean") {
      end()
    } else if (current && current !== expired && message.run === current.order.run) {
      hear(current, message.message)
    }
  })

  function hear(run: ThreadRun, message: RunMessage): void {
    const wasAnswered = run.goesOnMs !== undefined
    run.hear(message)
    // It may have been stopped over what it said.
    if (run !== current) return
    if (run.isEnded) onEnded(run)
    else if (message.kind === "goes_on") {
      announce()
      isAtRest = message.isAtRest === true
      if (isAtRest) on.onAtRest()
    } else if (message.kind === "answer" && !wasAnswered) {
      if (!progress.lookForEnd()) onAnswered()
      else hear(run, { kind: "ended" })
    }
  }

  function onDeath(error: unknown): void {
    end()
    port.close()
    if (current && !hasBegun()) {
      on.onDied(current)
      return
    }
    const { ending, reason } = endingOf(error)
    settle(ending, { runMs: ranMs(), kill: { reason } })
    on.onDied(undefined)
  }

  pool.serve({ kind: "serve", port: port2, hook, priority, progress: memory }, controller.signal).then(
    on.onLeft,
    // The port may still hold what the thread sent before it died.
    (error) => setImmediate(onDeath, error),
  )
  return thread
}

function leadOf({ request: { timeoutMs } }: ThreadRun): number {
  return Math.min(MAX_LEAD_MS, timeoutMs / 4)
}

function leadUpTo(run: ThreadRun): number {
  return run.request.timeoutMs - leadOf(run)
}
