import { hostname } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import {
  AppError,
  type Config,
  type ExecutionRecord,
  retryPolicyFor,
  TRIGGER_IDS,
  TRIGGERS,
  type TriggerId,
} from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import { type Executors, type ExecutorsOptions, startExecutors } from "@hooklane/executor"
import {
  announceWorker,
  appendRecords,
  type Cancellations,
  type Consumer,
  joinKeys,
  loadBundle,
  loadSnapshot,
  openCancellations,
  openConnection,
  type QueueConnection,
  SHORT_GRACE_MS,
  sendReply,
  startConsumer,
  untilAway,
} from "@hooklane/queue"
import type { Logger } from "pino"
import { createBundleCache } from "./bundle-cache.ts"
import { createHookStorage } from "./hook-storage.ts"
import { type JobDeps, processJob, reportLostJob } from "./process-job.ts"
import { readAuthorities } from "./read-authorities.ts"
import { createRecordKeeper, type RecordKeeper } from "./record-keeper.ts"
import { createSnapshotCache } from "./snapshot-cache.ts"

export interface WorkerOptions {
  config: Config & { redisUrl: string }
  keyRing: KeyRing
  workerId: string
  version: string
  /** Told when the other processes have come to use a key that this one does not have. */
  onKeyMisfit: (error: AppError) => void
  log: Logger
}

export interface RunningWorker {
  /** Takes no more jobs, finishes those in hand within `drainMs`, hands the rest back, and leaves no process. */
  close(): Promise<void>
}

const REDIS_RETRY_MS = 500

/** For what is kept until Redis takes it, when everything else has ended. */
const LAST_RECORDS_MS = 5_000

/** Starts the executors, then takes jobs from every lane. Needs Redis and the master key, nothing else. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, workerId, log } = options
  const { redisUrl: url, redisPrefix: prefix } = config
  const authorities = await readAuthorities(config.hookCaFile)
  const connection = openConnection({ url, prefix, name: workerId, log })
  const keys = await joinWhenThere(connection, options).catch(closeAnd(connection))
  const executors = await startExecutors(executorOptions(options, authorities))
  const records = createRecordKeeper({ append: (some) => appendRecords(connection, config, some), log })
  const goingOn = new Set<Promise<void>>()
  const deps = jobDeps(options, { connection, executors, records, track: (end) => trackIn(goingOn, end) })
  const cancellations = openCancellations(connection)
  const queue = { connection, cancellations }
  const consumers = TRIGGER_IDS.map((triggerId) => consume(options, queue, deps, triggerId))
  const presence = announceWorker(connection, {
    id: workerId,
    host: hostname(),
    pid: process.pid,
    startedAt: Date.now(),
    threads: config.threads,
    version: options.version,
    lanes: [...TRIGGER_IDS],
    wall: executors.wall,
  })
  log.info({ workerId, lanes: TRIGGER_IDS, ...executors.wall }, "worker started")
  return {
    async close() {
      const closesAt = Date.now() + config.drainMs
      await untilAway(
        connection,
        presence
          .close()
          .then(() => drain(consumers, options))
          .then(() => within(goingOn, Math.max(0, closesAt - Date.now())))
          // Ends what still goes on, which is recorded.
          .then(() => executors.close())
          .then(() => Promise.all(goingOn))
          .then(() => records.close(LAST_RECORDS_MS)),
      )
      await executors.close()
      await untilAway(
        connection,
        Promise.all([cancellations.close(), keys.close()]).then(() => connection.close()),
        SHORT_GRACE_MS,
      )
    },
  }
}

function executorOptions({ config, log }: WorkerOptions, authorities: readonly string[]): ExecutorsOptions {
  return {
    threads: config.threads,
    heapMb: config.hookHeapMb,
    maxExecutors: config.maxExecutors,
    executorUrl: config.executorUrl,
    minimumWall: config.minimumWall,
    bwrap: config.bwrap,
    privatePaths: [config.dataDir],
    maxResultBytes: config.maxResultBytes,
    maxLogBytes: config.maxLogBytes,
    egress: { mode: config.egress, allow: config.egressAllow, exceptions: config.egressExceptions },
    authorities,
    log,
  }
}

/** Until Redis is there it cannot be known whether this worker's keys are those of the jobs. */
async function joinWhenThere(
  connection: QueueConnection,
  { workerId: id, keyRing, onKeyMisfit: onMisfit }: WorkerOptions,
): ReturnType<typeof joinKeys> {
  for (;;) {
    try {
      return await joinKeys(connection, { id, keyRing, onMisfit })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "redis_unavailable") throw error
      await sleep(REDIS_RETRY_MS)
    }
  }
}

function closeAnd({ close }: Pick<QueueConnection, "close">): (error: unknown) => Promise<never> {
  return async (error) => {
    await close()
    throw error
  }
}

function consume(
  { config, log }: WorkerOptions,
  { connection, cancellations }: { connection: QueueConnection; cancellations: Cancellations },
  deps: JobDeps,
  triggerId: TriggerId,
): Consumer {
  return startConsumer(connection, {
    triggerId,
    // A backlog of asynchronous jobs must leave the worker room for the calls that somebody waits for.
    concurrency: TRIGGERS[triggerId].mode === "sync" ? config.laneConcurrency : config.asyncConcurrency,
    cancellations,
    retryPolicy: retryPolicyFor(config, triggerId),
    process: (job, attempt) => processJob(deps, job, attempt),
    onLost: (job, attempt) => reportLostJob(deps, job, attempt),
    log,
  })
}

interface JobPowers {
  connection: QueueConnection
  executors: Executors
  records: RecordKeeper
  track: JobDeps["track"]
}

function jobDeps(options: WorkerOptions, { connection, executors, records, track }: JobPowers): JobDeps {
  const { config, keyRing, workerId, log } = options
  return {
    workerId,
    keyRing,
    executors,
    hookStorage: createHookStorage({ connection, keyRing, log }),
    bundles: createBundleCache((bundleId) => loadBundle(connection, bundleId)),
    snapshots: createSnapshotCache((versionId) => loadSnapshot(connection, versionId)),
    limits: {
      timeoutMs: config.hookTimeoutMs,
      heapMb: config.hookHeapMb,
      afterAnswerMs: config.afterAnswerMs,
    },
    track,
    reply: (answer) => {
      const { executionId } = answer
      sendReply(connection, { keyRing, ...answer }).catch((err) =>
        log.error({ err, executionId }, "reply was lost"),
      )
    },
    records: {
      keep: (one, signal) => {
        logAttempt(log, one)
        return records.keep(one, signal)
      },
      keepLater: (one) => {
        logAttempt(log, one)
        records.keepLater(one)
      },
      room: records.room,
    },
    now: Date.now,
  }
}

function logAttempt(log: Logger, { head, status, attempt, failure }: ExecutionRecord): void {
  const { executionId, triggerId, hookId } = head
  const { attempt: number, runMs, queueMs } = attempt ?? {}
  log.info(
    { executionId, triggerId, hookId, attempt: number, status, failure, runMs, queueMs },
    "attempt ended",
  )
}

function trackIn(goingOn: Set<Promise<void>>, end: Promise<void>): void {
  const tracked = end.catch(() => {}).finally(() => goingOn.delete(tracked))
  goingOn.add(tracked)
}

/** Waits for the runs that go on after their answers, but not longer than `limitMs`. */
async function within(goingOn: ReadonlySet<Promise<void>>, limitMs: number): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, limitMs)
  await Promise.race([Promise.all(goingOn), over])
  clearTimeout(timer)
}

/** Closes every consumer; what is not finished after `drainMs` is handed back. */
async function drain(
  consumers: Consumer[],
  { config, workerId, log }: Pick<WorkerOptions, "config" | "workerId" | "log">,
): Promise<void> {
  const force = setTimeout(() => {
    for (const consumer of consumers) void consumer.close({ force: true })
  }, config.drainMs)
  const closing = consumers.map((consumer) => consumer.close())
  log.info({ workerId, drainMs: config.drainMs }, "worker takes no more jobs")
  await Promise.all(closing)
  clearTimeout(force)
}
