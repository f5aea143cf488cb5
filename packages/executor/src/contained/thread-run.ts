import type { Kill, LogLine } from "@hooklane/core"
import type { Answer, Answered, Ending, RunRequest } from "../protocol.ts"
import { cutText, MAX_CUT, MAX_CUT_CHARS, MAX_REASON_CHARS } from "./cut-text.ts"
import type { EgressLine, RunLine } from "./egress-line.ts"
import { clockMs } from "./progress.ts"
import { createRunOutput } from "./run-output.ts"
import type { StorageEvent, StorageRequest } from "./storage-protocol.ts"
import type { AfterAnswer, RunMessage, RunOrder, ThreadAnswer, ToThread } from "./thread-protocol.ts"

/** One run, from the side of the executor's main thread: collects what it says, and ends in one answer. */
export interface ThreadRun {
  readonly request: RunRequest
  readonly order: Omit<RunOrder, "othersWait">
  /** When it has answered, how long it may go on, in ms. */
  readonly goesOnMs: number | undefined
  /** Nothing more comes of it. */
  readonly isEnded: boolean
  /** It is answered and not at its end: its answer is sent ahead. Once. */
  announce(): void
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
  /** Its answer, ahead of its end. */
  onAnswered(answered: Answered): void
  /** Its end, and with it its answer. */
  onEnd(answer: Answer): void
  /** Its newest lines, a moment after they were printed. */
  onOutput(lines: LogLine[]): void
  onStorage(request: Omit<StorageRequest, "kind">): void
  /** It prints without end, and must be stopped. */
  onFlood(): void
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one run
export function createThreadRun({ number, request, egress, ...on }: ThreadRunOptions): ThreadRun {
  const { id, event, webtask, timeoutMs, afterAnswerMs } = request
  const output = createRunOutput(on.onOutput)
  let voice: RunVoice | undefined
  let line: RunLine | undefined
  let logsTruncated = false
  let answered: { ending: ThreadAnswer; runMs: number; at: number } | undefined
  let isAnnounced = false
  let isEnded = false

  function tell(message: Extract<ToThread, { kind: "told" }>["event"], transfer?: ArrayBuffer[]): void {
    voice?.({ kind: "told", run: number, event: message }, transfer)
  }

  function settle(ending: Ending, { runMs = 0, kill }: Partial<Pick<Answer, "runMs" | "kill">> = {}): void {
    if (isEnded) return
    // What ends a run that has answered is what comes after its answer.
    if (answered) end({ ms: clockMs() - answered.at, cut: [], ending }, kill)
    else finish({ ending, runMs, ...(kill && { kill }) })
  }

  function end(after: AfterAnswer | undefined, kill?: Answer["kill"]): void {
    if (!answered) return
    const { ending, runMs } = answered
    finish({ ending, runMs, ...(after && { after: bounded(after) }), ...(kill && { kill }) })
  }

  function finish(facts: Pick<Answer, "ending" | "runMs" | "kill" | "after">): void {
    if (isEnded) return
    isEnded = true
    const told = { logs: output.close(), logsTruncated, hasCalls: line !== undefined }
    line?.close()
    on.onEnd({ type: "answer", id, ...told, ...facts })
  }

  return {
    request,
    order: {
      kind: "run",
      run: number,
      event,
      webtask,
      timeoutMs,
      ...(afterAnswerMs !== undefined && { afterAnswerMs }),
    },
    get goesOnMs() {
      return answered && (afterAnswerMs ?? Math.max(0, timeoutMs - answered.runMs))
    },
    get isEnded() {
      return isEnded
    },
    announce() {
      if (!answered || isAnnounced || isEnded) return
      isAnnounced = true
      const { ending, runMs } = answered
      on.onAnswered({ type: "answered", id, ending, runMs, logs: output.lines(), logsTruncated })
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
          answered ??= { ending: message.answer, runMs: message.runMs, at: clockMs() }
          return
        case "goes_on":
          return
        case "ended":
          end(message.after)
          return
        case "storage_order":
          if (!isEnded) on.onStorage({ call: message.call, order: message.order })
          return
        default:
          if (isEnded) return
          line ??= egress.openRun(id, tell)
          line.handle(message)
      }
    },
    settle,
    answerStorage: (answer) => tell({ kind: "storage_answer", ...answer }),
  }
}

/** As the worker expects it. */
function bounded({ ms, cut, ending }: AfterAnswer): AfterAnswer {
  const texts = cut.slice(0, MAX_CUT).map((one) => cutText(String(one), MAX_CUT_CHARS))
  return { ms, cut: texts, ...(ending && { ending }) }
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
