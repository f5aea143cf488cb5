import {
  type ExecutionStatus,
  type Job,
  jobSchema,
  TRIGGER_IDS,
  TRIGGERS,
  type Trigger,
  type TriggerId,
} from "@hooklane/core"
import { type JobState, type JobsOptions, Queue } from "bullmq"
import type { Redis } from "ioredis"
import { execPipeline } from "./commands.ts"
import { closeCommands, type QueueConnection } from "./connection.ts"
import { countAttempts } from "./handle-job.ts"
import { removeWaiting } from "./remove-waiting.ts"

export interface LanesOptions {
  /** Dead letters kept per lane; the oldest go first. */
  maxDeadLetters: number
  /** Days that a dead letter is kept. */
  retentionDays: number
}

export interface LaneCounts {
  triggerId: TriggerId
  mode: Trigger["mode"]
  isPaused: boolean
  waiting: number
  active: number
  /** Failed jobs that wait for their next attempt. */
  delayed: number
  /** Dead letters. */
  failed: number
  /** Time since the job that is next in line was accepted; 0 when none waits. */
  oldestWaitingMs: number
}

/** A job that is still in Redis. */
export interface FoundJob {
  job: Job
  status: Extract<ExecutionStatus, "queued" | "running" | "retrying" | "dead_letter">
  /** Attempts that failed or whose worker was lost. */
  attemptsMade: number
}

/** One queue per trigger. Every call ends within the connection's time-out, with AppError redis_unavailable. */
export interface Lanes {
  /**
   * Resolves when Redis has stored the job. An execution that is in its lane already, waiting, running, or as
   * a dead letter, is not added again. After a failure the job may be stored nevertheless.
   */
  enqueue(job: Job): Promise<void>
  counts(triggerId: TriggerId): Promise<LaneCounts>
  /** Jobs of the lane that wait for a worker or for their next attempt: what its length limit is about. */
  waitingCount(triggerId: TriggerId): Promise<number>
  /** Stops the lane for all workers; jobs that run go on. */
  pause(triggerId: TriggerId): Promise<void>
  resume(triggerId: TriggerId): Promise<void>
  /** Looks in the lane of `triggerId`, or in all asynchronous lanes. */
  find(executionId: string, triggerId?: TriggerId): Promise<FoundJob | undefined>
  /** Takes a job that waits, for a worker or for its moment, out of its lane; undefined when it does not wait. */
  removeWaiting(executionId: string, triggerId: TriggerId): Promise<Job | undefined>
  /** Does nothing when the execution is not a dead letter. */
  removeDeadLetter(executionId: string, triggerId: TriggerId): Promise<void>
  /** Removes dead letters past their age; Redis itself looks at it only when the next one comes. */
  pruneDeadLetters(): Promise<void>
  /** For the queue dashboard only. */
  bullQueues(): Queue[]
  close(): Promise<void>
}

const ASYNC_TRIGGERS = TRIGGER_IDS.filter((id) => TRIGGERS[id].mode === "async")

const DAY_MS = 86_400_000

// The consumer decides how often a job is tried; BullMQ only has to allow as much as a policy can ask for.
const MAX_ATTEMPTS = 50

const SYNC_JOB: JobsOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true }

export function openLanes(connection: QueueConnection, options: LanesOptions): Lanes {
  const { commands, queueOf } = openQueues(connection)
  const asyncJob: JobsOptions = {
    attempts: MAX_ATTEMPTS,
    backoff: { type: "custom" },
    stackTraceLimit: 0,
    removeOnComplete: true,
    removeOnFail: { count: options.maxDeadLetters, age: (options.retentionDays * DAY_MS) / 1_000 },
  }

  async function enqueue(job: Job): Promise<void> {
    const jobOptions = TRIGGERS[job.triggerId].mode === "sync" ? SYNC_JOB : asyncJob
    const queue = queueOf(job.triggerId)
    await commands.run(() => queue.add("execution", job, { ...jobOptions, jobId: job.executionId }))
  }

  async function waitingCount(triggerId: TriggerId): Promise<number> {
    const queue = queueOf(triggerId)
    const counts = await commands.run((client) =>
      execPipeline(client.pipeline().llen(queue.toKey("wait")).zcard(queue.toKey("delayed"))),
    )
    return counts.reduce<number>((sum, count) => sum + Number(count), 0)
  }

  async function find(executionId: string, triggerId?: TriggerId): Promise<FoundJob | undefined> {
    const candidates = triggerId ? [triggerId] : ASYNC_TRIGGERS
    const found = await Promise.all(
      candidates.map((id) => commands.run(() => findJob(queueOf(id), executionId))),
    )
    return found.find((one) => one !== undefined)
  }

  return {
    enqueue,
    counts: (triggerId) => commands.run(() => countJobs(queueOf(triggerId), triggerId, commands.client)),
    waitingCount,
    pause: (triggerId) => commands.run(() => queueOf(triggerId).pause()),
    resume: (triggerId) => commands.run(() => queueOf(triggerId).resume()),
    find,
    removeWaiting: async (executionId, triggerId) => {
      const queue = queueOf(triggerId)
      const [removed] = await commands.run((client) => removeWaiting(queue, client, [executionId]))
      return removed
    },
    removeDeadLetter: (executionId, triggerId) =>
      commands.run(() => removeFailed(queueOf(triggerId), executionId)),
    pruneDeadLetters: async () => {
      const olderThanMs = options.retentionDays * DAY_MS
      await Promise.all(
        ASYNC_TRIGGERS.map((id) => commands.run(() => queueOf(id).clean(olderThanMs, 10_000, "failed"))),
      )
    },
    bullQueues: () => TRIGGER_IDS.map(queueOf),
    close: () => closeCommands(commands),
  }
}

/** Queues over one connection that never repeats a command: a job that was added, run and removed while its
 * adding is repeated would run twice. */
function openQueues(connection: QueueConnection) {
  const commands = connection.openCommands("lanes", { maxRetriesPerRequest: 0 })
  const queues = new Map<TriggerId, Queue>()
  function queueOf(triggerId: TriggerId): Queue {
    const known = queues.get(triggerId)
    if (known) return known
    const queue = new Queue(triggerId, {
      connection: commands.client,
      prefix: connection.prefix,
      // Nobody reads BullMQ's own events; they cannot be turned off, so they are kept as few as possible.
      streams: { events: { maxLen: 1 } },
      // The check is a command that could get lost, and the queue would wait for its answer for ever.
      skipVersionCheck: true,
    })
    // Callers see the errors of their commands, and the connection reports its own.
    queue.on("error", () => {})
    queues.set(triggerId, queue)
    return queue
  }
  return { commands, queueOf }
}

async function countJobs(queue: Queue, triggerId: TriggerId, client: Redis): Promise<LaneCounts> {
  const [counts, isPaused, oldestWaitingMs] = await Promise.all([
    queue.getJobCounts("wait", "active", "delayed", "failed"),
    queue.isPaused(),
    ageOfNext(queue, client),
  ])
  const { wait = 0, active = 0, delayed = 0, failed = 0 } = counts
  return {
    triggerId,
    mode: TRIGGERS[triggerId].mode,
    isPaused,
    waiting: wait,
    active,
    delayed,
    failed,
    oldestWaitingMs,
  }
}

async function ageOfNext(queue: Queue, client: Redis): Promise<number> {
  const id = await client.lindex(queue.toKey("wait"), -1)
  const acceptedAt = id === null ? null : await client.hget(queue.toKey(id), "timestamp")
  return acceptedAt === null ? 0 : Math.max(0, Date.now() - Number(acceptedAt))
}

async function findJob(queue: Queue, executionId: string): Promise<FoundJob | undefined> {
  const found = await queue.getJob(executionId)
  const parsed = jobSchema.safeParse(found?.data)
  if (!found || !parsed.success) return undefined
  const attemptsMade = countAttempts(found)
  const status = statusOf(await found.getState(), attemptsMade)
  return status && { job: parsed.data, status, attemptsMade }
}

function statusOf(state: JobState | "unknown", attemptsMade: number): FoundJob["status"] | undefined {
  switch (state) {
    case "waiting":
    case "delayed":
      return attemptsMade === 0 ? "queued" : "retrying"
    case "active":
      return "running"
    case "failed":
      return "dead_letter"
    default:
      return undefined
  }
}

async function removeFailed(queue: Queue, executionId: string): Promise<void> {
  const found = await queue.getJob(executionId)
  if (found && (await found.isFailed())) await found.remove()
}
