import { randomUUID } from "node:crypto"
import { eventContext, type Job } from "@hooklane/core"
import { createKeyRing } from "@hooklane/core/keyring"
import { openConnection, openLanes, openReplies, publishSnapshot } from "@hooklane/queue"
import { SYNC_HOOK } from "./workload.ts"

/** The queue's side of a gateway, without HTTP and history, so that many versions can be in use at once. */
export interface BareGateway {
  /** Runs a hook by its number, and fails when the hook does. */
  call(hook: number, event: string): Promise<void>
  close(): Promise<void>
}

const DEADLINE_MS = 20_000

export async function openBareGateway(options: {
  redisUrl: string
  masterKey: string
  hooks: number
}): Promise<BareGateway> {
  const { redisUrl, masterKey, hooks } = options
  const keyRing = createKeyRing(masterKey)
  const connection = openConnection({ url: redisUrl, prefix: "hooklane" })
  const lanes = openLanes(connection, { maxDeadLetters: 1, retentionDays: 1 })
  const replies = await openReplies(connection, { keyRing, gatewayId: "gw_bench" })
  for (let hook = 0; hook < hooks; hook += 1)
    await publishSnapshot(connection, { snapshot: snapshotOf(hook), retentionDays: 1 })

  async function call(hook: number, event: string): Promise<void> {
    const executionId = `exe_${randomUUID()}`
    const { triggerId, hookId, hookName, versionId } = snapshotOf(hook)
    const acceptedAt = Date.now()
    const deadlineAt = acceptedAt + DEADLINE_MS
    const job: Job = {
      executionId,
      triggerId,
      hookId,
      hookName,
      versionId,
      acceptedAt,
      deadlineAt,
      sealedEvent: keyRing.seal(event, eventContext(executionId)),
      replyTo: replies.address,
    }
    const answered = replies.wait(executionId, deadlineAt)
    await lanes.enqueue(job)
    const reply = await answered
    if (reply?.status !== "succeeded") throw new Error(`A hook did not succeed: ${JSON.stringify(reply)}`)
  }

  return {
    call,
    close: async () => {
      await replies.close()
      await lanes.close()
      await connection.close()
    },
  }
}

function snapshotOf(hook: number) {
  return {
    versionId: `ver_${hook}`,
    hookId: `hook_${hook}`,
    hookName: `hook-${hook}`,
    number: 1,
    triggerId: "credentials-exchange" as const,
    script: SYNC_HOOK,
    dependencies: {},
    sealedSecrets: {},
  }
}
