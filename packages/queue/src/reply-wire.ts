import { type Reply, replyContext, replySchema } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"

/** Channel on which one gateway hears the replies it waits for. */
export function replyChannel(prefix: string, address: string): string {
  return `${prefix}:replies:${address}`
}

/** Key under which a reply stays for a moment, for a gateway that was not listening. */
export function replyKey(prefix: string, executionId: string): string {
  return `${prefix}:reply:${executionId}`
}

export function sealReply(keyRing: KeyRing, executionId: string, reply: Reply): string {
  return keyRing.seal(JSON.stringify(reply), replyContext(executionId))
}

/** @throws when it was not sealed with our keys for this execution, or is no reply */
export function openReply(keyRing: KeyRing, executionId: string, sealed: string): Reply {
  return replySchema.parse(JSON.parse(keyRing.open(sealed, replyContext(executionId))))
}

/** What travels over the channel: the execution, a space, which ids do not hold, and the sealed reply. */
export function parseReplyMessage(message: string): { executionId: string; sealed: string } {
  const space = message.indexOf(" ")
  return { executionId: message.slice(0, space), sealed: message.slice(space + 1) }
}
