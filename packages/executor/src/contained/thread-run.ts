import { MessageChannel } from "node:worker_threads"
import type { LogLine } from "@hooklane/core"
import type { Answer, Ending, RunRequest } from "../protocol.ts"
import { createEgressBroker } from "./egress-broker.ts"
import type { Pool } from "./pool.ts"
import type { Policy } from "./resolve.ts"
import type { StorageEvent, StorageRequest } from "./storage-protocol.ts"
import type { RunTask, ThreadMessage } from "./thread-protocol.ts"

/** One run, from the side of the executor's main thread: starts it, keeps its time, collects what it sends. */
export interface ThreadRun {
  cancel(): void
  answerStorage(event: Omit<StorageEvent, "kind">): void
}

export interface ThreadRunOptions {
  pool: Pool
  hook: SharedArrayBuffer
  request: RunRequest
  policy: Policy
  onAnswer(answer: Answer): void
  onStorage(request: Omit<StorageRequest, "kind">): void
  /** No thread took the run: the pool is broken. */
  onNotStarted(): void
}

/** A thread is up in 10 to 100 ms. */
const START_LIMIT_MS = 5_000
/** After its answer, a run has this long to come to rest. */
const CLEAN_UP_LIMIT_MS = 250

export function startThreadRun({ pool, hook, request, policy, ...on }: ThreadRunOptions): ThreadRun {
  const { port1: port, port2 } = new MessageChannel()
  const controller = new AbortController()
  const logs: LogLine[] = []
  const broker = createEgressBroker({
    policy,
    send: (event, transfer = []) => port.postMessage(event, transfer),
  })
  let logsTruncated = false
  let startedAt = performance.now()
  let isAnswered = false
  let timer = setTimeout(on.onNotStarted, START_LIMIT_MS)

  function settle(ending: Ending, runMs = performance.now() - startedAt): void {
    if (isAnswered) return
    isAnswered = true
    clearTimeout(timer)
    const calls = broker.calls()
    broker.close()
    on.onAnswer({ type: "answer", id: request.id, ending, logs, logsTruncated, runMs, calls })
  }

  function stop(ending: Ending): void {
    if (isAnswered) return
    settle(ending)
    pool.end(controller)
  }

  port.on("message", (message: ThreadMessage) => {
    switch (message.kind) {
      case "started":
        clearTimeout(timer)
        startedAt = performance.now()
        timer = setTimeout(stop, request.timeoutMs, { status: "timed_out" })
        return
      case "log":
        logs.push(message.line)
        return
      case "logs_truncated":
        logsTruncated = true
        return
      case "answer":
        settle(message.answer, message.runMs)
        timer = setTimeout(pool.end, CLEAN_UP_LIMIT_MS, controller)
        return
      case "unclean":
        clearTimeout(timer)
        pool.end(controller)
        return
      case "storage_order":
        if (!isAnswered) on.onStorage({ call: message.call, order: message.order })
        return
      default:
        broker.handle(message)
    }
  })

  const task: RunTask = { kind: "run", port: port2, hook, event: request.event, webtask: request.webtask }
  pool.run(task, controller.signal).then(
    () => clearTimeout(timer),
    // The port may still hold what the thread sent before it died.
    (error) =>
      setImmediate(() => {
        settle(endingOf(error))
        clearTimeout(timer)
        port.close()
      }),
  )
  return {
    cancel: () => stop({ status: "cancelled" }),
    answerStorage: (event) => port.postMessage({ kind: "storage_answer", ...event }),
  }
}

function endingOf(error: unknown): Ending {
  const { code, message } = error instanceof Error ? withCode(error) : { code: "", message: String(error) }
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return { status: "out_of_memory" }
  return { status: "crashed", reason: `its thread ended: ${message}`.slice(0, 1000) }
}

function withCode(error: Error & { code?: unknown }): { code: unknown; message: string } {
  return { code: error.code, message: error.message }
}
