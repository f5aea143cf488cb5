import { randomUUID } from "node:crypto"
import {
  DEFAULT_RETRY_POLICY,
  type ExecutionRecord,
  type Job,
  type Reply,
  type Snapshot,
  TRIGGERS,
  type TriggerId,
} from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import {
  announceCancellation,
  answerKey,
  freeKey,
  openConnection,
  openLanes,
  openReplies,
  sendReply,
  startConsumer,
  takeKey,
  type Verdict,
} from "@hooklane/queue"
import { ulid } from "ulid"
import { onTestFinished } from "vitest"

interface LaneOptions {
  redisUrl: string
  triggerId: TriggerId
  /** The answer to each synchronous job; none: the job is finished without one. */
  answer?: (job: Job) => Reply | undefined
  hook?: Partial<Snapshot> | "none"
  syncTimeoutMs?: number
  /** What becomes of each job; "done" by default. */
  verdict?: Verdict
}

/** What `dispatch` needs, over a real lane whose worker answers as the test says; gone when the test is. */
export async function startLane({
  redisUrl,
  triggerId,
  answer,
  hook = {},
  syncTimeoutMs = 5_000,
  verdict = "done",
}: LaneOptions) {
  const connection = openConnection({ url: redisUrl, prefix: `test-${randomUUID()}` })
  const keyRing = createKeyRing(generateMasterKey())
  const replies = await openReplies(connection, { keyRing, gatewayId: randomUUID() })
  const lanes = openLanes(connection, { maxDeadLetters: 10, retentionDays: 1 })
  const jobs: Job[] = []
  const records: ExecutionRecord[] = []
  const consumer = startConsumer(connection, {
    triggerId,
    concurrency: 10,
    retryPolicy: DEFAULT_RETRY_POLICY,
    process: async (job) => {
      jobs.push(job)
      const reply = answer?.(job)
      if (reply && job.replyTo)
        await sendReply(connection, { keyRing, address: job.replyTo, executionId: job.executionId, reply })
      return verdict
    },
    onLost: async () => {},
    log: connection.log,
  })
  onTestFinished(async () => {
    await consumer.close()
    await replies.close()
    await lanes.close()
    const keys = await connection.commands.client.keys(`${connection.prefix}:*`)
    if (keys.length > 0) await connection.commands.client.del(keys)
    await connection.close()
  })
  const snapshot: Snapshot = {
    versionId: "ver_1",
    hookId: "hook_1",
    hookName: "my-hook",
    number: 1,
    triggerId,
    script: "",
    dependencies: {},
    sealedSecrets: {},
  }
  const deps = {
    keyRing,
    lanes,
    replies,
    admission: { admitAsync: async () => {}, admitSync: async () => {} },
    enabledHooks: {
      get: async () => (hook === "none" ? undefined : { ...snapshot, ...hook }),
      all: async () => (hook === "none" ? [] : [{ ...snapshot, ...hook }]),
    },
    record: (record: ExecutionRecord) => void records.push(record),
    announceCancellation: announceCancellation.bind(undefined, connection),
    reply: (answer: { address: string; executionId: string; reply: Reply }) =>
      void sendReply(connection, { keyRing, ...answer }),
    newExecutionId: () => `exe_${ulid()}`,
    syncTimeoutMs,
    now: Date.now,
    takeKey: takeKey.bind(undefined, connection),
    answerKey: answerKey.bind(undefined, connection),
    freeKey: freeKey.bind(undefined, connection),
    log: connection.log,
  }
  return {
    deps,
    connection,
    jobs,
    records,
    trigger: TRIGGERS[triggerId],
    event: TRIGGERS[triggerId].sampleEvent,
  }
}
