import { setTimeout as sleep } from "node:timers/promises"
import { AppError, type ErrorCode, type Failure, TRIGGER_IDS, TRIGGERS, type TriggerId } from "@hooklane/core"
import type { DeadLetter, Lanes } from "@hooklane/queue"
import { type ExecutionConditions, selectExecutions } from "@hooklane/storage"
import { type ReplayDeps, replay } from "./replay.ts"

export interface DeadLetterFilter extends Pick<ExecutionConditions, "hookId" | "from" | "to"> {
  triggerId?: TriggerId | undefined
  failure?: Failure | undefined
}

export interface BulkReplay {
  filter: DeadLetterFilter
  perSecond: number
  /** Replays at most. */
  limit: number
  /** Ends it early. */
  signal: AbortSignal
}

export interface BulkReplayResult {
  replays: { executionId: string; replayOf: string }[]
  /** Dead letters that could not be replayed, with the reason. */
  skipped: { executionId: string; errorCode: ErrorCode; message: string }[]
  /** Those that matched and were not come to. */
  remaining: number
  /** Why it ended before the limit; absent when it did not. */
  stoppedBy?: ErrorCode
}

type BulkReplayDeps = ReplayDeps & { lanes: Pick<Lanes, "deadLetters"> }

/** Shorter than what proxies let a call take. */
const MAX_CALL_MS = 25_000

/** What the next dead letter would not fare better with. */
const STOPPING: ReadonlySet<ErrorCode> = new Set(["redis_unavailable", "lane_full"])

/**
 * Ids of the dead letters that match, whose event is held and was not replayed yet; the oldest of each trigger
 * first.
 */
export async function findReplayable(
  deps: BulkReplayDeps,
  { triggerId, ...conditions }: DeadLetterFilter,
): Promise<string[]> {
  const triggerIds = triggerId ? [triggerId] : TRIGGER_IDS.filter((id) => TRIGGERS[id].mode === "async")
  const found = await Promise.all(
    triggerIds.map(async (id) => {
      const held = await withoutReplay(deps, await deps.lanes.deadLetters(id))
      return selectExecutions(deps.storage, held, { ...conditions, status: "dead_letter" })
    }),
  )
  return found.flat()
}

/**
 * Replays those, one after the other, at most `perSecond` of them in a second. Each is marked before it is stored,
 * so a call that was cut off, or its gateway, is followed by another one that goes on where it ended.
 */
export async function replayMany(deps: BulkReplayDeps, request: BulkReplay): Promise<BulkReplayResult> {
  const { perSecond, limit, signal } = request
  const ids = await findReplayable(deps, request.filter)
  const result: BulkReplayResult = { replays: [], skipped: [], remaining: ids.length }
  const startedAt = deps.now()
  for (const [index, replayOf] of ids.entries()) {
    const startAt = startedAt + (index * 1_000) / perSecond
    if (result.replays.length >= limit || startAt - startedAt > MAX_CALL_MS || signal.aborted) break
    await sleep(Math.max(0, startAt - deps.now()))
    try {
      result.replays.push({ executionId: await replay(deps, replayOf), replayOf })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const { code: errorCode, message } = error
      if (STOPPING.has(errorCode)) return { ...result, stoppedBy: errorCode }
      result.skipped.push({ executionId: replayOf, errorCode, message })
    }
    result.remaining -= 1
  }
  return result
}

/** Those without a mark, and those whose mark leads to nothing: their gateway died before it stored the replay. */
async function withoutReplay(deps: BulkReplayDeps, deadLetters: DeadLetter[]): Promise<string[]> {
  const marks = deadLetters.flatMap(({ replayedAs }) => replayedAs ?? [])
  const known = new Set(await selectExecutions(deps.storage, marks))
  return deadLetters
    .filter(({ replayedAs }) => replayedAs === undefined || !known.has(replayedAs))
    .map(({ executionId }) => executionId)
}
