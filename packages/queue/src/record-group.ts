import { z } from "zod"
import type { Commands } from "./commands.ts"

const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string()).nullable()]))
const readSchema = z.array(z.tuple([z.string(), entriesSchema])).nullable()
const claimSchema = z.tuple([z.string(), entriesSchema]).rest(z.unknown())

/** Id and fields of entries of a stream; no fields when one was removed while it was pending. */
export type Entries = z.infer<typeof entriesSchema>

export interface RecordGroup {
  /** Entries that some consumer took long ago and never acknowledged; looks a few times per `claimAfterMs`. */
  claim(count: number): Promise<Entries>
  /** Entries that no consumer has taken yet, waiting `blockMs` for the first. */
  take(count: number, blockMs: number): Promise<Entries>
  /** Makes the group, beginning with the oldest entry there is, unless it is there. */
  create(): Promise<void>
}

interface RecordGroupOptions {
  stream: string
  group: string
  consumer: string
  claimAfterMs: number
}

// Looks for forgotten entries per `claimAfterMs`.
const CLAIM_LOOKS = 6

// Time for the answer to a blocking read beyond its own.
const ANSWER_MS = 2_000

/** The consumer group of a stream. `run` belongs to a connection that may block. */
export function createRecordGroup({ run }: Commands, options: RecordGroupOptions): RecordGroup {
  const { stream, group, consumer, claimAfterMs } = options
  let claimAt = 0
  let claimFrom = "0-0"

  async function claim(count: number): Promise<Entries> {
    if (Date.now() < claimAt) return []
    const answer = await run((client) =>
      client.xautoclaim(stream, group, consumer, claimAfterMs, claimFrom, "COUNT", count),
    )
    const [next, entries] = claimSchema.parse(answer)
    claimFrom = next
    if (next === "0-0") claimAt = Date.now() + claimAfterMs / CLAIM_LOOKS
    return entries
  }

  async function take(count: number, blockMs: number): Promise<Entries> {
    const answer = await run(
      (client) =>
        client.xreadgroup("GROUP", group, consumer, "COUNT", count, "BLOCK", blockMs, "STREAMS", stream, ">"),
      blockMs + ANSWER_MS,
    )
    return (readSchema.parse(answer) ?? []).flatMap(([, entries]) => entries)
  }

  async function create(): Promise<void> {
    try {
      await run((client) => client.xgroup("CREATE", stream, group, "0", "MKSTREAM"))
    } catch (error) {
      if (!isReply(error, /^BUSYGROUP /)) throw error
    }
  }

  return { claim, take, create }
}

/** Whether a command failed because the group is not there, or its stream went away during the command. */
export function isGroupMissing(error: unknown): boolean {
  return isReply(error, /^(NOGROUP|UNBLOCKED) /)
}

function isReply(error: unknown, pattern: RegExp): boolean {
  return error instanceof Error && pattern.test(error.message)
}
