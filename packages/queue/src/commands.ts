import { AppError } from "@hooklane/core"
import type { ChainableCommander, Redis } from "ioredis"
import { startFairTimer, startStrictTimer } from "./fair-timer.ts"

/** Commands that answer, or fail, within a bounded time. */
export interface Commands {
  readonly client: Redis
  /**
   * Runs `command` once Redis is reachable. After `timeoutMs`, or the connection's own limit, in which time does not
   * count that this process was held up, it is given up: one that was not sent yet never
   * will be; one that was sent may still have taken effect.
   * @throws AppError redis_unavailable when Redis is away, silent or refuses to work
   */
  run<Result>(command: (client: Redis) => Promise<Result>, timeoutMs?: number): Promise<Result>
}

/**
 * While Redis is away, calls wait here and not in the client's own queue: what nobody waits for any more is
 * then never sent late, and the number of waiting calls is the number of waiting callers.
 */
export function createCommands(client: Redis, defaultTimeoutMs: number): Commands {
  const waiting = new Set<() => void>()
  client.on("ready", () => {
    for (const start of waiting) start()
    waiting.clear()
  })

  async function run<Result>(
    command: (client: Redis) => Promise<Result>,
    ownTimeoutMs?: number,
  ): Promise<Result> {
    const timeoutMs = ownTimeoutMs ?? defaultTimeoutMs
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const start = () => {
      Promise.try(command, client).then(resolve, reject)
    }
    const startTimer = ownTimeoutMs === undefined ? startFairTimer : startStrictTimer
    const stopTimer = startTimer(timeoutMs, () => {
      waiting.delete(start)
      reject(new AppError("redis_unavailable", `Redis did not answer within ${timeoutMs} ms`))
    })
    if (client.status === "ready" || client.status === "end") start()
    else waiting.add(start)
    try {
      return await promise
    } catch (error) {
      throw isRedisTrouble(error) ? unavailable(error) : error
    } finally {
      stopTimer()
    }
  }

  return { client, run }
}

/** Results of a pipeline in order. @throws the first error among them */
export async function execPipeline(pipeline: ChainableCommander): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? []
  return results.map(([error, result]) => {
    if (error) throw error
    return result
  })
}

const REFUSALS =
  /^(OOM|MISCONF|READONLY|LOADING|MASTERDOWN|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM|BUSY|MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /
const TROUBLE_NAMES = new Set(["MaxRetriesPerRequestError", "AbortError"])

/** Whether `error` says that Redis, or the way to it, does not work; the rest are errors of ours. */
export function isRedisTrouble(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return (
    "syscall" in error ||
    TROUBLE_NAMES.has(error.name) ||
    REFUSALS.test(error.message) ||
    error.message === "Connection is closed."
  )
}

/** What callers are told of trouble with Redis. */
export function unavailable(cause: Error): AppError {
  const message = cause.message.startsWith("OOM ")
    ? "Redis is full (maxmemory) and stores nothing more until there is room"
    : `Redis does not work: ${withoutScript(cause.message)}`
  return new AppError("redis_unavailable", message, { cause })
}

/** Which of our scripts it was, by its digest, is nothing for callers. */
function withoutScript(message: string): string {
  return message.replace(/\.? script: [0-9a-f]{40}.*$/s, "").replace(/@?user_script:\d+:? ?/g, "")
}
