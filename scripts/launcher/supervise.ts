import { setTimeout as delay } from "node:timers/promises"
import { type RetryPolicy, retryDelayMs } from "@hooklane/core"
import { CANNOT_START } from "@hooklane/core/run-process"
import type { Output } from "./output.ts"
import { type ProcessEnd, spawnTethered, type Tethered, type TetheredCommand } from "./tether.ts"

export interface ProcessSpec extends TetheredCommand {
  /** Name in the log: `gateway`, `worker 1`. */
  name: string
}

export interface SuperviseDeps {
  output: Output
  /** The process never came up: it ended three times before `markReady`, or said that more tries are in vain. */
  onGiveUp: (reason: string) => void
  /** Delays between starts; `attempts` is how often it may end before `markReady`. */
  policy?: RetryPolicy
  /** A process that ran this long starts with the first delay again. */
  steadyAfterMs?: number
}

export interface Supervised {
  pid(): number | undefined
  /** From now on an end is a crash to recover from, however often. */
  markReady(): void
  /** Ends it for good: politely, and by force after its `stopWithinMs`. Resolves when it is gone. */
  stop(): Promise<void>
  kill(): void
}

type ExplainedEnd = ProcessEnd & { reason: string | undefined }

const RESTARTS: RetryPolicy = { attempts: 3, firstDelayMs: 250, factor: 2, maxDelayMs: 30_000 }

/** Keeps a process running: starts it now, and again with growing delays whenever it ends. */
export function supervise(spec: ProcessSpec, deps: SuperviseDeps): Supervised {
  const { policy = RESTARTS, steadyAfterMs = 30_000 } = deps
  const stopping = new AbortController()
  let current: Tethered | undefined
  let isReady = false

  const keepRunning = async () => {
    for (let ends = 1; ; ends += 1) {
      const startedAt = Date.now()
      const end = await runOnce()
      if (stopping.signal.aborted) return
      if (Date.now() - startedAt >= steadyAfterMs) ends = 1
      const isHopeless = end.code === CANNOT_START || ends >= policy.attempts
      if (!isReady && isHopeless) return deps.onGiveUp(describe(spec.name, end))
      const restartInMs = retryDelayMs(policy, ends, () => 1)
      deps.output.log("error", { process: spec.name, ...end, restartInMs }, "process ended")
      await delay(restartInMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
    }
  }

  const runOnce = async (): Promise<ExplainedEnd> => {
    current = await spawnTethered(spec)
    if (stopping.signal.aborted) current.terminate()
    const lastWords = deps.output.follow(spec.name, current)
    deps.output.log("info", { process: spec.name, pid: current.pid }, "process started")
    const end = await current.exited
    current = undefined
    return { ...end, reason: lastWords(end) }
  }

  const ended = keepRunning()
  return {
    pid: () => current?.pid,
    markReady: () => {
      isReady = true
    },
    stop: async () => {
      stopping.abort()
      current?.terminate()
      const force = setTimeout(() => current?.kill(), spec.stopWithinMs)
      await ended.finally(() => clearTimeout(force))
    },
    kill: () => {
      stopping.abort()
      current?.kill()
    },
  }
}

function describe(name: string, { code, signal, reason }: ExplainedEnd): string {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
  if (code === CANNOT_START && reason) return `${name} cannot start: ${reason}`
  return `${name} ${how}${reason ? `: ${reason}` : ""}`
}
