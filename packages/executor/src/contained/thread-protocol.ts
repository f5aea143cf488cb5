import type { MessagePort } from "node:worker_threads"
import type { LogLine } from "@hooklane/core"
import type { NetRequest } from "./net-protocol.ts"
import type { StorageRequest } from "./storage-protocol.ts"

/** What passes between an executor's main thread and the threads that run the hook. */

/** One run; the port is its own and is closed by the thread, or what it sent last would be lost. */
export interface RunTask {
  kind: "run"
  port: MessagePort
  /** The `HookCode` as JSON in UTF-8: shared, so that a long script is not copied for each run. */
  hook: SharedArrayBuffer
  event: string
  webtask: string
}

/** `warm_up` makes a thread load its code before there is a hook; `prove` asks what lockdown left. */
export type ThreadTask = RunTask | { kind: "warm_up" | "prove" }

export type ThreadAnswer =
  | { status: "returned"; json?: string }
  | { status: "rejected" | "threw" | "not_compiled" | "invalid_result"; json: string }
  | { status: "crashed"; reason: string }

export type ThreadMessage =
  /** The clock starts. */
  | { kind: "started"; threadId: number }
  | { kind: "log"; line: LogLine }
  /** More was printed than is kept. */
  | { kind: "logs_truncated" }
  | { kind: "answer"; answer: ThreadAnswer; runMs: number }
  /** The run left something behind: the thread must not run another one. */
  | { kind: "unclean" }
  | NetRequest
  | StorageRequest
