import type { MessagePort } from "node:worker_threads"
import type { LogLine } from "@hooklane/core"
import type { Ending } from "../protocol.ts"
import type { NetEvent, NetRequest } from "./net-protocol.ts"
import type { StorageEvent, StorageRequest } from "./storage-protocol.ts"

/** What passes between an executor's main thread and the threads that run the hook. */

/** A thread serves for as long as it is sound: its runs come over the port, one after the other. */
export interface ServeTask {
  kind: "serve"
  port: MessagePort
  /** The `HookCode` as JSON in UTF-8: shared, so that a long script is not copied for each thread. */
  hook: SharedArrayBuffer
  /** On Linux each thread has one of its own. As `os.setPriority` counts. */
  priority: number
  /** What the thread has come to, for `openProgress`. */
  progress: SharedArrayBuffer
}

/** `warm_up` makes a thread load its code before there is a hook; `prove` asks what lockdown left. */
export type ThreadTask = ServeTask | { kind: "warm_up" | "prove" }

/** One run; its number is never used again in the process. */
export interface RunOrder {
  kind: "run"
  run: number
  event: string
  webtask: string
  timeoutMs: number
  /** How long it may go on after its answer; without it, until `timeoutMs` is over. */
  afterAnswerMs?: number
  /** More runs wait for a thread. */
  othersWait: boolean
}

export type ToThread =
  | RunOrder
  /** For a run that waits for something. */
  | { kind: "told"; run: number; event: NetEvent | StorageEvent }
  /** A run waits for the thread: the one that goes on after its answer ends if nothing of it is under way. */
  | { kind: "awaited" }
  /** There is nothing to do: ends the service. */
  | { kind: "leave" }

export type ThreadAnswer =
  | { status: "returned"; json?: string }
  | { status: "rejected" | "threw" | "not_compiled" | "invalid_result"; json: string }
  | { status: "crashed"; reason: string }

/** What a run did after its answer. */
export interface AfterAnswer {
  ms: number
  /** What was open at its end, in words. */
  cut: string[]
  /** What went wrong meanwhile. */
  ending?: Ending
}

export type ThreadMessage =
  | { kind: "up"; threadId: number }
  /** The thread must not run anything more: a run left something behind. */
  | { kind: "unclean" }
  | { kind: "said"; run: number; message: RunMessage }

/** What a run says. */
export type RunMessage =
  | { kind: "log"; line: LogLine }
  /** More was printed than is kept. */
  | { kind: "logs_truncated" }
  | { kind: "answer"; answer: ThreadAnswer; runMs: number }
  /** Its work is not done. Said again when what is left has come to rest, or moves again. */
  | { kind: "goes_on"; isAtRest: boolean }
  /** Its work is done, or was cut. */
  | { kind: "ended"; after?: AfterAnswer }
  | NetRequest
  | StorageRequest
