import {
  type ExecutionStatus,
  type Job,
  jobSchema,
  type LaneLimits,
  TRIGGER_IDS,
  TRIGGERS,
  type TriggerId,
} from "@hooklane/core"
import { type JobState, type JobsOptions, Queue } from "bullmq"
import { addJobs, type JobKind, type NewJob } from "./add-jobs.ts"
import { closeCommands, type QueueConnection } from "./connection.ts"
import { type DeadLetter, listDeadLetters, setReplayMark } from "./dead-letters.ts"
import { countAttempts } from "./handle-job.ts"
import {
  countJobs,
  countWaiting,
  type LaneCounts,
  type LaneLoad,
  locate,
  readLoad,
  type Whereabouts,
} from "./lane-counts.ts"
import { limitLane } from "./lane-limits.ts"
import { removeNext, removeWaiting } from "./remove-waiting.ts"
import { createTurnBatch } from "./turn-batch.ts"

export interface LanesOptions {
  /** Dead letters kept per lane; the oldest go first. */
  maxDeadLetters: number
  /** Days that a dead letter is kept. */
  retentionDays: number
}

/** A job that is still in Redis. */
export interface FoundJob {
  job: Job
  status: Extract<ExecutionStatus, "queued" | "running" | "retrying" | "dead_letter">
  /** Attempts that failed or whose worker was lost. */
  attemptsMade: number
}

/** For jobs of asynchronous lanes. */
export interface JobTiming {
  /** Jobs with a larger number come later; 0, the default, comes first. */
  priority?: number | undefined
  /** Not to be run before this moment, epoch milliseconds; at once when it has passed. */
  deliverAt?: number | undefined
}

/** One queue per trigger. Every call ends within the connection's time-out, with AppError redis_unavailable. */
export interface Lanes {
  /**
   * Resolves when Redis has stored the job. An execution that is in its lane already, waiting, running, or as
   * a dead letter, is not added again. After a failure the job may be stored nevertheless.
   */
  enqueue(job: Job, timing?: JobTiming): Promise<void>
  counts(triggerId: TriggerId): Promise<LaneCounts>
  /** Jobs of the lane that wait for a worker or for their next attempt: what its length limit is about. */
  waitingCount(triggerId: TriggerId): Promise<number>
  /** What tells how long a job would wait in a lane of a synchronous trigger. */
  load(triggerId: TriggerId): Promise<LaneLoad>
  /** Stops the lane for all workers; jobs that run go on. */
  pause(triggerId: TriggerId): Promise<void>
  resume(triggerId: TriggerId): Promise<void>
  /** Looks in the lane of `triggerId`, or in all asynchronous lanes. */
  find(executionId: string, triggerId?: TriggerId): Promise<FoundJob | undefined>
  /** Takes a job that waits, for a worker or for its moment, out of its lane; undefined when it does not wait. */
  removeWaiting(executionId: string, triggerId: TriggerId): Promise<Job | undefined>
  /** Takes up to `count` (some 100s) jobs that wait out of the lane. None: nothing waits. */
  removeNext(triggerId: TriggerId, count: number): Promise<Job[]>
  /** Bounds what all workers together take from the lane, from the next job on. */
  limit(triggerId: TriggerId, limits: LaneLimits): Promise<void>
  /** Where many (some 100s) executions stand, in their order. */
  locate(triggerId: TriggerId, executionIds: string[]): Promise<Whereabouts[]>
  /** The dead letters of a lane whose event is held, the oldest first. */
  deadLetters(triggerId: TriggerId): Promise<DeadLetter[]>
  /**
   * Marks a dead letter as replayed as the execution `to`, if its mark is `from` (empty: none). Gives the mark it
   * has then, so `to` when this call has set it; undefined when it is no dead letter.
   */
  setReplayMark(
    deadLetter: Pick<Job, "executionId" | "triggerId">,
    change: { from: string; to: string },
  ): Promise<string | undefined>
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

const JOB_NAME = "execution"

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

  async function find(executionId: string, triggerId?: TriggerId): Promise<FoundJob | undefined> {
    const candidates = triggerId ? [triggerId] : ASYNC_TRIGGERS
    const found = await Promise.all(
      candidates.map((id) => commands.run(() => findJob(queueOf(id), executionId))),
    )
    return found.find((one) => one !== undefined)
  }

  return {
    enqueue: createEnqueue({ commands, queueOf }, asyncJob),
    counts: (triggerId) => commands.run(() => countJobs(queueOf(triggerId), commands.client, triggerId)),
    waitingCount: (triggerId) => commands.run((client) => countWaiting(queueOf(triggerId), client)),
    load: (triggerId) => commands.run((client) => readLoad(queueOf(triggerId), client)),
    pause: (triggerId) => commands.run(() => queueOf(triggerId).pause()),
    resume: (triggerId) => commands.run(() => queueOf(triggerId).resume()),
    find,
    removeWaiting: async (executionId, triggerId) => {
      const queue = queueOf(triggerId)
      const [removed] = await commands.run((client) => removeWaiting(queue, client, [executionId]))
      return removed
    },
    removeNext: (triggerId, count) => commands.run((client) => removeNext(queueOf(triggerId), client, count)),
    limit: (triggerId, limits) => commands.run(() => limitLane(queueOf(triggerId), limits)),
    locate: (triggerId, ids) => commands.run((client) => locate(queueOf(triggerId), client, ids)),
    deadLetters: (triggerId) => commands.run((client) => listDeadLetters(queueOf(triggerId), client)),
    setReplayMark: ({ executionId, triggerId }, change) =>
      commands.run((client) => setReplayMark(queueOf(triggerId), client, { executionId, ...change })),
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

/** Jobs that may run at once go into their lane together with all others of this turn of the event loop. */
function createEnqueue({ commands, queueOf }: ReturnType<typeof openQueues>, asyncJob: JobsOptions) {
  const optionsOf = (triggerId: TriggerId) => (TRIGGERS[triggerId].mode === "sync" ? SYNC_JOB : asyncJob)

  function createAdder(triggerId: TriggerId): (job: NewJob) => Promise<void> {
    const kind: JobKind = { name: JOB_NAME, options: optionsOf(triggerId) }
    return createTurnBatch({
      send: (jobs) => commands.run((client) => addJobs(queueOf(triggerId), client, kind, jobs)),
      sizeOf: ({ text }) => text.length,
    })
  }

  const adders = new Map(TRIGGER_IDS.map((id) => [id, createAdder(id)]))

  return async (job: Job, { priority = 0, deliverAt = 0 }: JobTiming = {}): Promise<void> => {
    const { executionId: jobId, triggerId } = job
    const delay = Math.max(0, deliverAt - Date.now())
    if (priority === 0 && delay === 0) {
      await adders.get(triggerId)?.({ jobId, text: JSON.stringify(job) })
      return
    }
    const jobOptions = { ...optionsOf(triggerId), jobId, priority, delay }
    await commands.run(() => queueOf(triggerId).add(JOB_NAME, job, jobOptions))
  }
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
    case "prioritized":
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
