import type { Reply } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { QueueConnection } from "./connection.ts"
import { openReply, parseReplyMessage, replyChannel, replyKey } from "./reply-wire.ts"
import { createWaits } from "./waits.ts"

/** The answers that this gateway waits for. */
export interface Replies {
  /** What a job carries as `replyTo`. */
  readonly address: string
  /** Waits under way. */
  readonly inFlight: number
  /**
   * The reply to an execution, or undefined when there is none at `deadlineAt` (epoch ms), or when closed.
   * Listens from the moment of the call, so call it before the job is added. Never rejects, and resolves a
   * quarter of a second after the deadline at the latest. `giveUp` ends the wait without a reply.
   */
  wait(executionId: string, deadlineAt: number, giveUp?: AbortSignal): Promise<Reply | undefined>
  /** Ends every wait without a reply. */
  close(): Promise<void>
}

interface RepliesOptions {
  keyRing: KeyRing
  /** Unique among the gateways that share the Redis. */
  gatewayId: string
}

// For the one look at the reply's key when the deadline has passed. With REPLY_GRACE_MS it leaves the caller's
// answer a quarter of its last second to be sent in, however silent Redis is.
const LAST_LOOK_MS = 250

// Keys read per command after a reconnect.
const KEYS_PER_READ = 500

/** There will be no other one, so its caller need not wait until the deadline. */
const UNREADABLE: Reply = {
  status: "failed",
  failure: "worker_lost",
  error: {
    name: "HooklaneError",
    message:
      "The answer cannot be read: its worker seals with a master key that this gateway does not have. All processes " +
      "need the same HOOKLANE_MASTER_KEY",
  },
  runMs: 0,
}

/** @throws AppError redis_unavailable when it cannot listen */
export async function openReplies(connection: QueueConnection, options: RepliesOptions): Promise<Replies> {
  const { prefix, commands, log } = connection
  const { keyRing, gatewayId } = options
  const channel = replyChannel(prefix, gatewayId)
  const waits = createWaits()
  // What is not sealed at all comes from no worker, and ends nobody's wait.
  const isForeign = (sealed: string) => /^[0-9a-f]{8}\.[A-Za-z0-9+/]+=*$/.test(sealed) && !keyRing.has(sealed)

  function receive(executionId: string, sealed: string): void {
    if (!waits.has(executionId)) return
    if (isForeign(sealed)) {
      log.error({ executionId }, "reply was sealed with a key that this gateway does not have")
      waits.settle(executionId, UNREADABLE)
      return
    }
    try {
      waits.settle(executionId, openReply(keyRing, executionId, sealed))
    } catch (err) {
      log.warn({ err, executionId }, "reply could not be read")
    }
  }

  /** Settles the waits of `executionIds` whose reply is there. */
  async function readKeys(executionIds: string[], timeoutMs?: number): Promise<void> {
    const keys = executionIds.map((id) => replyKey(prefix, id))
    const sealed = await commands.run((client) => client.mget(keys), timeoutMs)
    for (const [index, id] of executionIds.entries()) {
      const one = sealed[index]
      if (one) receive(id, one)
    }
  }

  const listener = connection.openCommands("replies")
  listener.client.on("message", (_channel, message) => {
    const { executionId, sealed } = parseReplyMessage(message)
    receive(executionId, sealed)
  })

  /** Replies published while the connection was lost are found under their keys. */
  async function catchUp(): Promise<void> {
    await listener.client.subscribe(channel)
    const pending = waits.executionIds()
    for (let from = 0; from < pending.length; from += KEYS_PER_READ)
      await readKeys(pending.slice(from, from + KEYS_PER_READ))
  }

  try {
    await listener.run((client) => client.subscribe(channel))
  } catch (error) {
    listener.client.disconnect()
    throw error
  }
  listener.client.on("ready", () => {
    catchUp().catch((err) => log.warn({ err }, "missed replies could not be read"))
  })

  return {
    address: gatewayId,
    get inFlight() {
      return waits.count()
    },
    wait: (executionId, deadlineAt, giveUp) => {
      const lastLook = async () => {
        // Without Redis there is no reply either; the connection reports why.
        await Promise.allSettled([readKeys([executionId], LAST_LOOK_MS)])
      }
      return waits.add({ executionId, deadlineAt, lastLook, giveUp })
    },
    close: async () => {
      listener.client.disconnect()
      waits.close()
    },
  }
}
