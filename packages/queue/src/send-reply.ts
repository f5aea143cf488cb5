import type { Reply } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { QueueConnection } from "./connection.ts"
import { replyChannel, replyKey, sealReply } from "./reply-wire.ts"

interface SendReplyOptions {
  keyRing: KeyRing
  /** `replyTo` of the job. */
  address: string
  executionId: string
  reply: Reply
}

// Outlives a reconnect of the gateway, and is gone soon after.
const REPLY_TTL_MS = 10_000

/**
 * Answers the gateway that waits, in one round trip; whether it still waits is not known. Started before the
 * job is finished, and not awaited until then, it leaves first and costs the caller no second round trip.
 * @throws AppError redis_unavailable
 */
export async function sendReply(connection: QueueConnection, options: SendReplyOptions): Promise<void> {
  const { prefix, outbox } = connection
  const { keyRing, address, executionId, reply } = options
  const sealed = sealReply(keyRing, executionId, reply)
  const channel = replyChannel(prefix, address)
  const key = replyKey(prefix, executionId)
  await outbox.send({ kind: "reply", channel, key, executionId, sealed, ttlMs: REPLY_TTL_MS })
}
