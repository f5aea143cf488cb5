import type { Job, RetryPolicy, TriggerId } from "@hooklane/core"
import type { QueueConnection } from "./connection.ts"
import type { Log } from "./log.ts"

/**
 * - `done`: the job is over (also when the hook failed and the failure is the answer)
 * - `retry`: try again after `attempt.nextDelayMs`; on the last attempt the same as `dead`
 * - `dead`: no more attempts; an asynchronous job becomes a dead letter
 */
export type Verdict = "done" | "retry" | "dead"

export interface JobAttempt {
  /** From 1. Attempts whose worker was lost count. */
  number: number
  isLast: boolean
  /** When the job could first be started: accepted, or due for its next attempt. Epoch milliseconds. */
  runnableAt: number
  /** Delay that a `retry` verdict will have, chosen beforehand so that it can be recorded; absent on the last. */
  nextDelayMs?: number
  /** Aborts when the consumer is closed by force. */
  signal: AbortSignal
}

export interface ConsumerOptions {
  triggerId: TriggerId
  /** Jobs in hand at once. */
  concurrency: number
  /** Asynchronous lanes only: a synchronous job has one attempt. */
  retryPolicy: RetryPolicy
  process(job: Job, attempt: JobAttempt): Promise<Verdict>
  /**
   * The job was given up without a verdict and will not run again: its worker was lost in its last attempt
   * (`attempt`), or `process` threw in it, or did not end after a forced close. Called before the job is
   * moved, so at least once.
   */
  onLost(job: Job, attempt: number): Promise<void>
  log: Log
}

export interface Consumer {
  /**
   * Takes no more work and waits for what is in hand. With `force`, also after a first call without: aborts
   * the signal of every attempt in hand and ends within 3 s. An attempt that ignores its signal for 1 s is
   * failed: an asynchronous job goes back to its lane (or is a dead letter after its last attempt), a
   * synchronous one goes to `onLost`. What could not be told to Redis is recovered by another consumer.
   */
  close(options?: { force: boolean }): Promise<void>
}

export declare function startConsumer(connection: QueueConnection, options: ConsumerOptions): Consumer
