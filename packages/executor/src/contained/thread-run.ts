import type { Kill, LogLine } from "@hooklane/core"
import type { Answer, Ending, RunRequest } from "../protocol.ts"
import { cutText, MAX_REASON_CHARS } from "./cut-text.ts"
import type { EgressLine, RunLine } from "./egress-line.ts"
import { createRunOutput } from "./run-output.ts"
import type { StorageEvent, StorageRequest } from "./storage-protocol.ts"
import type { RunMessage, RunOrder, ToThread } from "./thread-protocol.ts"

/** One run, from the side of the executor's main thread: collects what it says, and ends in one answer. */
export interface ThreadRun {
  readonly request: RunRequest
  readonly order: RunOrder
  readonly isAnswered: boolean
  /** A thread has it from now on. */
  begin(thread: RunVoice): void
  /** What its thread says in its name is taken for hostile. */
  hear(message: RunMessage): void
  /** Nothing after the first ending counts. */
  settle(ending: Ending, facts?: Partial<Pick<Answer, "runMs" | "kill">>): void
  answerStorage(event: Omit<StorageEvent, "kind">): void
}

/** A run's way to its thread. */
export type RunVoice = (message: ToThread, transfer?: ArrayBuffer[]) => void

export interface ThreadRunOptions {
  /** Of this process, never used again. */
  number: number
  request: RunRequest
  egress: EgressLine
  onAnswer(answer: Answer): void
  /** Its newest lines, a moment after they were printed. */
  onOutput(lines: LogLine[]): void
  onStorage(request: Omit<StorageRequest, "kind">): void
  /** It prints without end, and must be stopped. */
  onFlood(): void
}

export function createThreadRun({ number, request, egress, ...on }: ThreadRunOptions): ThreadRun {
  const { id, event, webtask } = request
  const output = createRunOutput(on.onOutput)
  let voice: RunVoice | undefined
  let line: RunLine | undefined
  let logsTruncated = false
  let isAnswered = false

  function tell(message: Extract<ToThread, { kind: "told" }>["event"], transfer?: ArrayBuffer[]): void {
    voice?.({ kind: "told", run: number, event: message }, transfer)
  }

  function settle(ending: Ending, { runMs = 0, kill }: Partial<Pick<Answer, "runMs" | "kill">> = {}): void {
    if (isAnswered) return
    isAnswered = true
    const facts = { ending, logs: output.close(), logsTruncated, runMs, hasCalls: line !== undefined }
    line?.close()
    on.onAnswer({ type: "answer", id, ...facts, ...(kill && { kill }) })
  }

  return {
    request,
    order: { kind: "run", run: number, event, webtask },
    get isAnswered() {
      return isAnswered
    },
    begin(thread) {
      voice = thread
    },
    hear(message) {
      switch (message.kind) {
        case "log":
          if (!output.take(message.line)) on.onFlood()
          return
        case "logs_truncated":
          logsTruncated = true
          return
        case "answer":
          settle(message.answer, { runMs: message.runMs })
          return
        case "storage_order":
          if (!isAnswered) on.onStorage({ call: message.call, order: message.order })
          return
        default:
          if (isAnswered) return
          line ??= egress.openRun(id, tell)
          line.handle(message)
      }
    },
    settle,
    answerStorage: (answer) => tell({ kind: "storage_answer", ...answer }),
  }
}

/** How a run ended whose thread died. */
export function endingOf(error: unknown): { ending: Ending; reason: Kill["reason"] } {
  const { code, message } = error instanceof Error ? withCode(error) : { code: "", message: String(error) }
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return { ending: { status: "out_of_memory" }, reason: "heap" }
  const reason = cutText(`its thread ended: ${message}`, MAX_REASON_CHARS)
  return { ending: { status: "crashed", reason }, reason: "crash" }
}

function withCode(error: Error & { code?: unknown }): { code: unknown; message: string } {
  return { code: error.code, message: error.message }
}
