import type { Reply } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { QueueConnection } from "./connection.ts"

/** The answers that this gateway waits for. */
export interface Replies {
  /** What a job carries as `replyTo`. */
  readonly address: string
  /** Waits under way. */
  readonly inFlight: number
  /**
   * The reply to an execution, or undefined when there is none at `deadlineAt` (epoch ms), or when closed.
   * Listens from the moment of the call, so call it before the job is added. Never rejects.
   */
  wait(executionId: string, deadlineAt: number): Promise<Reply | undefined>
  close(): Promise<void>
}

export declare function openReplies(
  connection: QueueConnection,
  options: { keyRing: KeyRing; gatewayId: string },
): Promise<Replies>

export declare function sendReply(
  connection: QueueConnection,
  options: { keyRing: KeyRing; address: string; executionId: string; reply: Reply },
): Promise<void>
