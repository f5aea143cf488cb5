import type { Queue } from "bullmq"
import type { Redis } from "ioredis"
import { z } from "zod"
import { execPipeline } from "./commands.ts"
import { createScript } from "./script.ts"

/** A dead letter whose event is held. */
export interface DeadLetter {
  executionId: string
  /** The execution that its event was last replayed as. */
  replayedAs?: string
}

/** A field of ours beside BullMQ's own, so that the mark lives exactly as long as the event. */
const MARK = "hooklane:replayedAs"

const IDS_PER_READ = 500

// Compare and set: of several that replay a dead letter at once, one does.
const setMark = createScript(`
  if not redis.call("ZSCORE", KEYS[1], ARGV[1]) then return false end
  local mark = redis.call("HGET", KEYS[2], ARGV[2]) or ""
  if mark ~= ARGV[3] then return mark end
  redis.call("HSET", KEYS[2], ARGV[2], ARGV[4])
  return ARGV[4]`)

/** Those of a lane, the oldest first. */
export async function listDeadLetters(queue: Queue, client: Redis): Promise<DeadLetter[]> {
  const ids = await client.zrange(queue.toKey("failed"), "0", "-1")
  const deadLetters: DeadLetter[] = []
  for (let from = 0; from < ids.length; from += IDS_PER_READ) {
    const some = ids.slice(from, from + IDS_PER_READ)
    const pipeline = client.pipeline()
    for (const id of some) pipeline.hget(queue.toKey(id), MARK)
    const marks = await execPipeline(pipeline)
    for (const [index, executionId] of some.entries()) {
      const mark = marks[index]
      deadLetters.push({ executionId, ...(typeof mark === "string" && mark !== "" && { replayedAs: mark }) })
    }
  }
  return deadLetters
}

/** @see Lanes.setReplayMark */
export async function setReplayMark(
  queue: Queue,
  client: Redis,
  { executionId, from, to }: { executionId: string; from: string; to: string },
): Promise<string | undefined> {
  const keys = [queue.toKey("failed"), queue.toKey(executionId)]
  const mark = await setMark(client, keys, [executionId, MARK, from, to])
  return z.string().nullable().parse(mark) ?? undefined
}
