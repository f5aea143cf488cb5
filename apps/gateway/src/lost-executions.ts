import { setTimeout as sleep } from "node:timers/promises"
import { type ExecutionRecord, TRIGGER_IDS, TRIGGERS } from "@hooklane/core"
import type { Lanes, Whereabouts } from "@hooklane/queue"
import { listUnfinished, type Storage, type UnfinishedExecution } from "@hooklane/storage"
import type { Logger } from "pino"

export interface LostExecutionsDeps {
  storage: Storage
  lanes: Pick<Lanes, "locate">
  /** Whether this gateway looks now, of all that could. */
  takeTurn: () => Promise<boolean>
  /** A mark behind the records that are on their way to the history, and whether it has stored what is before one. */
  markRecords: () => Promise<string | undefined>
  isStoredUpTo: (mark: string) => Promise<boolean>
  record: (record: ExecutionRecord) => void
  now: () => number
  log: Pick<Logger, "warn">
}

/** What is silent for that long is looked for. Far above the time that a record takes to its history. */
const QUIET_MS = 300_000
/** Executions per search: some 20 ms of work. */
const PAGE = 1_000

/** Less than the time between two turns, so that one gateway does not meet another. */
const TURN_MS = 30_000

const LOOK_AGAIN_MS = 100
const PATIENCE_MS = 5_000

/**
 * Looks for executions that ended unseen: the history waits for their end, and no lane knows them any more (or knows
 * them as dead letters). That takes a lost record, or a Redis that lost its jobs. Each turn looks at the next page
 * of those that the history waits for, and at further ones for as long as it finds some that are lost.
 */
export function createLostExecutionSearch(deps: LostExecutionsDeps): () => Promise<void> {
  let position: UnfinishedExecution | undefined

  /** Closes what is lost of the next page, and says how many that were. */
  async function searchPage(): Promise<number> {
    const page = { quietSince: new Date(deps.now() - QUIET_MS), position, limit: PAGE }
    const unfinished = await listUnfinished(deps.storage, page)
    position = unfinished.length < PAGE ? undefined : unfinished.at(-1)
    const suspects = await findUnlaned(deps, unfinished)
    // The record of an end is appended before the lane forgets the job, but may not be stored yet.
    if (suspects.size === 0 || !(await settle(deps))) return 0
    let closed = 0
    for (const execution of await listUnfinished(deps.storage, page)) {
      const whereabouts = suspects.get(execution.executionId)
      if (!whereabouts) continue
      close(deps, execution, whereabouts)
      closed += 1
    }
    return closed
  }

  return async () => {
    if (!(await deps.takeTurn())) return
    const stopAt = deps.now() + TURN_MS
    let closed: number
    do closed = await searchPage()
    while (closed > 0 && position !== undefined && deps.now() < stopAt)
  }
}

/** Those that do not wait or run in their lane, and where they are instead. */
async function findUnlaned(
  { lanes }: LostExecutionsDeps,
  unfinished: UnfinishedExecution[],
): Promise<Map<string, Whereabouts>> {
  const unlaned = new Map<string, Whereabouts>()
  for (const triggerId of TRIGGER_IDS) {
    const ids = unfinished.filter((one) => one.triggerId === triggerId).map((one) => one.executionId)
    const places = ids.length > 0 ? await lanes.locate(triggerId, ids) : []
    for (const [index, id] of ids.entries()) {
      const place = places[index]
      if (place !== undefined && place !== "in_lane") unlaned.set(id, place)
    }
  }
  return unlaned
}

/** Whether all that was recorded until now is in the history; waits for that, but not for long. */
async function settle({ markRecords, isStoredUpTo, now }: LostExecutionsDeps): Promise<boolean> {
  const mark = await markRecords()
  const giveUpAt = now() + PATIENCE_MS
  while (mark !== undefined && !(await isStoredUpTo(mark))) {
    if (now() >= giveUpAt) return false
    await sleep(LOOK_AGAIN_MS)
  }
  return true
}

function close(
  { record, now, log }: LostExecutionsDeps,
  { acceptedAt, replayOf, ...execution }: UnfinishedExecution,
  whereabouts: Whereabouts,
): void {
  const { executionId, triggerId } = execution
  log.warn({ executionId, triggerId, whereabouts }, "execution ended unseen")
  record({
    head: { ...execution, acceptedAt: acceptedAt.getTime(), ...(replayOf !== null && { replayOf }) },
    at: now(),
    status: TRIGGERS[triggerId].mode === "sync" ? "failed" : "dead_letter",
    failure: "lost",
    error: {
      name: "HooklaneError",
      message:
        whereabouts === "dead_letter"
          ? "The execution used up its attempts; what became of the last one is not known"
          : "What became of the execution is not known: it is in no lane any more, and no record of its end came",
    },
  })
}
