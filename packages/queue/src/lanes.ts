import {
  AppError,
  type ExecutionStatus,
  type Job,
  jobSchema,
  TRIGGER_IDS,
  TRIGGERS,
  type Trigger,
  type TriggerId,
} from "@hooklane/core"
import { type JobsOptions, Queue, type Job as QueueJob } from "bullmq"
import { closeCommands, type QueueConnection } from "./connection.ts"

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
  /** Does nothing when the execution is not a dead letter. */
  removeDeadLetter(executionId: string, triggerId: TriggerId): Promise<void>
  /** Removes dead letters past their age; Redis itself looks at it only when the next one comes. */
  pruneDeadLetters(): Promise<void>
  /** For the queue dashboard only. */
  bullQueues(): Queue[]
  close(): Promise<void>
}

export declare function openLanes(connection: QueueConnection, options: LanesOptions): Lanes
