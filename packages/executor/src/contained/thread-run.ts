import { MessageChannel } from "node:worker_threads"
import type { Kill, LogLine } from "@hooklane/core"
import type { Answer, Ending, RunRequest } from "../protocol.ts"
import { createEgressBroker } from "./egress-broker.ts"
import type { Evidence } from "./evidence.ts"
import type { Pool } from "./pool.ts"
import type { Policy } from "./resolve.ts"
import { createRunOutput } from "./run-output.ts"
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
  /** Its newest lines, a moment after they were printed. */
  onOutput(lines: LogLine[]): void
  onStorage(request: Omit<StorageRequest, "kind">): void
  /** No thread took the run: the pool is broken. */
  onNotStarted(): void
}

/** A thread is up in 10 to 100 ms. */
const START_LIMIT_MS = 5_000
/** After its answer, a run has this long to come to rest. */
const CLEAN_UP_LIMIT_MS = 250
/** So long before its time is over, a run is asked where it is. */
const MAX_LEAD_MS = 100
const FLOODED: Ending = { status: "crashed", reason: "it printed without end" }

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one run
export function startThreadRun({ pool, hook, request, policy, ...on }: ThreadRunOptions): ThreadRun {
  const { port1: port, port2 } = new MessageChannel()
  const controller = new AbortController()
  const broker = createEgressBroker({
    policy,
    send: (event, transfer = []) => port.postMessage(event, transfer),
  })
  const output = createRunOutput(on.onOutput)
  let logsTruncated = false
  let startedAt = performance.now()
  let isAnswered = false
  let isExpired = false
  let threadId = 0
  const leadMs = Math.min(MAX_LEAD_MS, request.timeoutMs / 4)
  let timer = setTimeout(on.onNotStarted, START_LIMIT_MS)

  function settle(ending: Ending, runMs = performance.now() - startedAt, kill?: Answer["kill"]): void {
    if (isAnswered) return
    isAnswered = true
    clearTimeout(timer)
    const facts = { ending, logs: output.close(), logsTruncated, runMs, calls: broker.calls() }
    broker.close()
    on.onAnswer({ type: "answer", id: request.id, ...facts, ...(kill && { kill }) })
  }

  function stop(ending: Ending, kill?: Answer["kill"]): void {
    if (isAnswered) return
    settle(ending, performance.now() - startedAt, kill)
    pool.end(controller)
  }

  /** Just before the end, so that the answer at the deadline does not have to wait for it. */
  function look(): void {
    const evidence = pool.examine(threadId)
    timer = setTimeout(expire, leadMs, evidence)
  }

  async function expire(evidence: Promise<Evidence>): Promise<void> {
    isExpired = true
    stop({ status: "timed_out" }, { reason: "wall_time", ...(await evidence) })
  }

  port.on("message", (message: ThreadMessage) => {
    switch (message.kind) {
      case "started":
        clearTimeout(timer)
        startedAt = performance.now()
        threadId = message.threadId
        timer = setTimeout(look, request.timeoutMs - leadMs)
        return
      case "log":
        if (!output.take(message.line)) stop(FLOODED, { reason: "output" })
        return
      case "logs_truncated":
        logsTruncated = true
        return
      case "answer":
        if (isExpired) return
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
  const onDeath = (error: unknown) => {
    const ending = endingOf(error)
    settle(ending, performance.now() - startedAt, { reason: killReasonOf(ending) })
    clearTimeout(timer)
    port.close()
  }
  pool.run(task, controller.signal).then(
    () => clearTimeout(timer),
    // The port may still hold what the thread sent before it died.
    (error) => setImmediate(onDeath, error),
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

function killReasonOf({ status }: Ending): Kill["reason"] {
  return status === "out_of_memory" ? "heap" : "crash"
}

function withCode(error: Error & { code?: unknown }): { code: unknown; message: string } {
  return { code: error.code, message: error.message }
}
