import { AppError, TRIGGERS, type TriggerId } from "@hooklane/core"

/** How old a look at Redis may be, in ms. Between looks a lane can outgrow its bound by what arrives meanwhile. */
const LOOK_EVERY_MS = 500

export interface AdmissionDeps {
  maxLaneLength: number
  maxInFlight: number
  waitingCount: (triggerId: TriggerId) => Promise<number>
  workerCount: () => Promise<number>
  inFlight: () => number
  now?: () => number
}

/** Refuses events that could only wait in vain, before anything is stored for them. */
export function createAdmission(deps: AdmissionDeps) {
  const now = deps.now ?? Date.now
  const laneLength = new Map(
    Object.values(TRIGGERS).map(({ id }) => [id, cachedFor(LOOK_EVERY_MS, now, () => deps.waitingCount(id))]),
  )
  const workerCount = cachedFor(LOOK_EVERY_MS, now, deps.workerCount)

  /** @throws AppError lane_full (429), when the lane of an asynchronous trigger has reached its bound */
  async function admitAsync(triggerId: TriggerId): Promise<void> {
    if (await isFull(triggerId)) {
      throw new AppError("lane_full", `The lane of ${triggerId} is full; try again later`, {
        retryAfterSeconds: 5,
      })
    }
  }

  /** @throws AppError overloaded or no_worker (503), when a synchronous call has no chance to be answered */
  async function admitSync(triggerId: TriggerId): Promise<void> {
    if (deps.inFlight() >= deps.maxInFlight || (await isFull(triggerId))) {
      throw new AppError("overloaded", "Too many calls are waiting; try again later", {
        retryAfterSeconds: 1,
      })
    }
    if ((await workerCount()) === 0) {
      throw new AppError("no_worker", "No worker is running; start one and try again", {
        retryAfterSeconds: 2,
      })
    }
  }

  async function isFull(triggerId: TriggerId): Promise<boolean> {
    return ((await laneLength.get(triggerId)?.()) ?? 0) >= deps.maxLaneLength
  }

  return { admitSync, admitAsync }
}

export type Admission = ReturnType<typeof createAdmission>

/** `look`, at most once every `maxAgeMs`; callers in between share the last answer. A failed look is not kept. */
function cachedFor<Value>(
  maxAgeMs: number,
  now: () => number,
  look: () => Promise<Value>,
): () => Promise<Value> {
  let last: { value: Promise<Value>; at: number } | undefined
  return async () => {
    if (last && now() - last.at < maxAgeMs) return last.value
    const fresh = { value: look(), at: now() }
    last = fresh
    try {
      return await fresh.value
    } catch (error) {
      if (last === fresh) last = undefined
      throw error
    }
  }
}
