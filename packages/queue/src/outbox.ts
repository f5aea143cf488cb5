import type { AppError } from "@hooklane/core"
import { type Commands, unavailable } from "./commands.ts"
import { createScript } from "./script.ts"
import { createTurnBatch } from "./turn-batch.ts"

/** Stream from which the history is fed. */
export function recordStream(prefix: string): string {
  return `${prefix}:records`
}

/** Channel on which each record is heard as it is appended. */
export function recordChannel(prefix: string): string {
  return `${prefix}:follow`
}

/** Something to be told to others; all that one turn of the event loop has to tell leaves in one script. */
export type Message =
  /** Published, and kept under `key` for a moment, for a gateway that was not listening. */
  | { kind: "reply"; channel: string; key: string; executionId: string; sealed: string; ttlMs: number }
  | { kind: "record"; text: string; maxStreamLength: number }

export interface Outbox {
  /** @throws AppError redis_unavailable; what was sent may have arrived nevertheless */
  send(message: Message): Promise<void>
}

// Replies first: somebody waits for them. What reads the history removes what it has read, so those who follow get
// each record over a channel of their own. A Redis without memory publishes, and stores nothing: then the replies are
// told nevertheless, and what became of the records is the answer.
const tell = createScript(`
  local stream, maxLength, follow, at = KEYS[1], ARGV[1], ARGV[2], 3
  for i = 2, #KEYS do
    local channel, id, sealed, ttl = unpack(ARGV, at, at + 3)
    redis.call("PUBLISH", channel, id .. " " .. sealed)
    redis.pcall("SET", KEYS[i], sealed, "PX", ttl)
    at = at + 4
  end
  for i = at, #ARGV do
    local added = redis.pcall("XADD", stream, "MAXLEN", "~", maxLength, "*", "record", ARGV[i])
    if type(added) == "table" and added.err then return added.err end
    redis.call("PUBLISH", follow, ARGV[i])
  end
  return false`)

export function createOutbox({ prefix, commands }: { prefix: string; commands: Commands }): Outbox {
  const troubles = new WeakMap<Message, AppError>()

  async function send(messages: Message[]): Promise<void> {
    const replies = messages.filter((message) => message.kind === "reply")
    const records = messages.filter((message) => message.kind === "record")
    const keys = [recordStream(prefix), ...replies.map(({ key }) => key)]
    const args = [
      records[0]?.maxStreamLength ?? 0,
      recordChannel(prefix),
      ...replies.flatMap(({ channel, executionId, sealed, ttlMs }) => [channel, executionId, sealed, ttlMs]),
      ...records.map(({ text }) => text),
    ]
    const trouble = await commands.run((client) => tell(client, keys, args))
    if (typeof trouble !== "string") return
    for (const message of records) troubles.set(message, unavailable(new Error(trouble)))
  }

  const sendInTurn = createTurnBatch<Message>({
    send,
    sizeOf: (message) => (message.kind === "reply" ? message.sealed : message.text).length,
  })
  return {
    send: async (message) => {
      await sendInTurn(message)
      const trouble = troubles.get(message)
      if (trouble) throw trouble
    },
  }
}
