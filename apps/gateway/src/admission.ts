import { AppError, TRIGGER_IDS, type TriggerId } from "@hooklane/core"
import type { LaneLoad } from "@hooklane/queue"
import { createRefreshed } from "./refreshed.ts"
import { createWaitForecast } from "./wait-forecast.ts"

/** How old a look at Redis may be, in ms. Between looks a lane can outgrow its bound by what arrives meanwhile. */
const LOOK_EVERY_MS = 500

/** Of the time that a call has: the rest is for its run, and for the error of the forecast. */
const WAIT_SHARE = 0.8

const MAX_RETRY_AFTER_SECONDS = 60

/**
 * A Redis that is fuller takes no events: what waits in it needs some memory to be run, recorded and taken out, and one
 * that is full to the last byte could do none of this.
 */
const MAX_MEMORY_SHARE = 0.9
/** From here on it is looked at more often, so that it is not full before it was seen to be nearly full. */
const HIGH_MEMORY_SHARE = 0.6
const LOOK_CLOSELY_EVERY_MS = 50

/**
 * Why an event was refused: too many jobs in its lane, or calls on this gateway; too little time; nobody to run it; too
 * little room in Redis.
 */
export type RefusalReason = "lane_full" | "in_flight" | "no_time" | "no_worker" | "redis_full"

export interface AdmissionDeps {
  maxLaneLength: number
  maxInFlight: number
  waitingCount: (triggerId: TriggerId) => Promise<number>
  load: (triggerId: TriggerId) => Promise<LaneLoad>
  workerCount: () => Promise<number>
  /** The part of Redis' memory that is used. */
  usedMemoryShare: () => Promise<number>
  inFlight: () => number
  /** Told of each refusal. */
  refused: (triggerId: TriggerId, reason: RefusalReason) => void
  now?: () => number
}

/** Refuses events that could only wait in vain, before anything is stored for them. */
export function createAdmission(deps: AdmissionDeps) {
  const now = deps.now ?? Date.now
  const lanes = new Map(TRIGGER_IDS.map((id) => [id, watchLane(deps, id, now)]))
  const workerCount = createRefreshed({ load: deps.workerCount, now })
  const memoryShare = createRefreshed({ load: deps.usedMemoryShare, now })
  let lastShare = 0

  function refuse(triggerId: TriggerId, reason: RefusalReason, error: AppError): never {
    deps.refused(triggerId, reason)
    throw error
  }

  async function refuseWithoutMemory(triggerId: TriggerId): Promise<void> {
    const share = await memoryShare.get(lastShare < HIGH_MEMORY_SHARE ? LOOK_EVERY_MS : LOOK_CLOSELY_EVERY_MS)
    lastShare = share
    if (share < MAX_MEMORY_SHARE) return
    const message =
      `Redis uses ${Math.floor(share * 100)} % of its maxmemory, and takes no events above ${MAX_MEMORY_SHARE * 100} %: ` +
      "give it more memory, or wait until lanes have drained"
    refuse(triggerId, "redis_full", new AppError("redis_unavailable", message, { retryAfterSeconds: 5 }))
  }

  /**
   * @throws AppError lane_full (429), when the lane of an asynchronous trigger has reached its bound; redis_unavailable
   * (503), when Redis is nearly full
   */
  async function admitAsync(triggerId: TriggerId): Promise<void> {
    await refuseWithoutMemory(triggerId)
    const length = await lanes.get(triggerId)?.length.get(LOOK_EVERY_MS)
    if (length !== undefined && length >= deps.maxLaneLength) {
      const message = `The lane of ${triggerId} is full; try again later`
      refuse(triggerId, "lane_full", new AppError("lane_full", message, { retryAfterSeconds: 5 }))
    }
  }

  /**
   * @param timeoutMs what the caller of a synchronous trigger gives it
   * @throws AppError overloaded or no_worker (503), when the call has no chance to be answered in time;
   * redis_unavailable, when Redis is nearly full
   */
  async function admitSync(triggerId: TriggerId, timeoutMs: number): Promise<void> {
    if (deps.inFlight() >= deps.maxInFlight)
      refuse(triggerId, "in_flight", overloaded("Too many calls are waiting"))
    await refuseWithoutMemory(triggerId)
    // First: what the last worker left behind makes the lane look slow as well.
    if ((await workerCount.get(LOOK_EVERY_MS)) === 0) {
      const message = "No worker is running; start one and try again"
      refuse(triggerId, "no_worker", new AppError("no_worker", message, { retryAfterSeconds: 2 }))
    }
    const outlook = await lanes.get(triggerId)?.outlook.get(LOOK_EVERY_MS)
    if (outlook && outlook.waiting >= deps.maxLaneLength)
      refuse(triggerId, "lane_full", overloaded("Too many calls are waiting"))
    const lateByMs = (outlook?.waitMs ?? 0) - timeoutMs * WAIT_SHARE
    if (lateByMs > 0)
      refuse(triggerId, "no_time", overloaded("The call could not be answered in time", lateByMs))
  }

  return { admitSync, admitAsync }
}

export type Admission = ReturnType<typeof createAdmission>

function watchLane(deps: AdmissionDeps, triggerId: TriggerId, now: () => number) {
  const forecast = createWaitForecast(now)
  async function lookAhead() {
    const load = await deps.load(triggerId)
    return { waiting: load.waiting, waitMs: forecast(load) }
  }
  return {
    length: createRefreshed({ load: () => deps.waitingCount(triggerId), now }),
    outlook: createRefreshed({ load: lookAhead, now }),
  }
}

function overloaded(reason: string, retryAfterMs = 1_000): AppError {
  const retryAfterSeconds = Math.min(Math.ceil(retryAfterMs / 1_000), MAX_RETRY_AFTER_SECONDS)
  return new AppError("overloaded", `${reason}; try again later`, { retryAfterSeconds })
}
