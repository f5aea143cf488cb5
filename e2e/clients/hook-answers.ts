import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { AppError, type HookError, type Json, parseEvent, TRIGGERS, type TriggerId } from "@hooklane/core"
import type { Executors } from "@hooklane/executor"

/** One call of one hook, for Auth0's wrapper and for us. */
export interface HookCase {
  triggerId: TriggerId
  script: string
  body: Json
  secrets?: Record<string, string>
}

/** What comes of it, in the words of the wrapper's answer. */
export type HookAnswer =
  | { status: "success"; data?: Json }
  | { status: "error"; data: Record<string, Json> }
  | { status: "threw"; when: "sync" | "async"; message: string }
  /** The hook never called back. */
  | { status: "silent" }

/** Long enough for each timer in the scripts, which wait some milliseconds. */
const SILENCE_MS = 1_000

const COMPILERS: { [Id in TriggerId]?: string } = { "credentials-exchange": "client-credentials-exchange" }

/** Auth0's own wrapper around one hook. */
export interface OriginalHook {
  answer(body: Json): Promise<HookAnswer>
  close(): Promise<unknown>
}

export function openOriginal({ triggerId, script, secrets = {} }: Omit<HookCase, "body">): OriginalHook {
  const workerData = { compiler: COMPILERS[triggerId] ?? triggerId, script, secrets }
  const worker = new Worker(new URL("./drivers/auth0-ext-compilers.mjs", import.meta.url), { workerData })
  return {
    async answer(body) {
      worker.postMessage(JSON.stringify(body))
      const signal = AbortSignal.timeout(SILENCE_MS)
      const [answer] = await once(worker, "message", { signal }).catch(() => [{ status: "silent" }])
      if (answer.status === "error") return { status: "error", data: comparable(answer.data) }
      return answer.status === "success" ? withoutStatus(answer) : answer
    },
    close: () => worker.terminate(),
  }
}

/** What Auth0's own wrapper answers. */
export async function originalAnswer({ body, ...hook }: HookCase): Promise<HookAnswer> {
  const original = openOriginal(hook)
  try {
    return await original.answer(body)
  } finally {
    await original.close()
  }
}

/** Every success also says that its HTTP status is 200. */
function withoutStatus({ status, ...answer }: HookAnswer & { status: "success" }): HookAnswer {
  return "data" in answer ? { status, data: answer.data } : { status }
}

/** What we answer: the check before the queue, then the run. */
export async function ourAnswer(executors: Executors, hookCase: HookCase): Promise<HookAnswer> {
  const { triggerId, script, body, secrets = {} } = hookCase
  try {
    const event = parseEvent(TRIGGERS[triggerId], body)
    const snapshot = {
      versionId: `${triggerId} ${script}`,
      hookId: "01HOOK",
      triggerId,
      script,
      dependencies: {},
    }
    const run = { executionId: "exe_1", attempt: 1, limits: { timeoutMs: SILENCE_MS, heapMb: 64 } }
    const task = { snapshot, secrets, event: JSON.stringify(event), ...run }
    return answerOf((await executors.run(task, new AbortController().signal)).outcome)
  } catch (error) {
    // Answered with status 400; the original had one answer for this and for what the hook said.
    if (error instanceof AppError) return { status: "error", data: { message: error.message } }
    throw error
  }
}

function answerOf(outcome: Awaited<ReturnType<Executors["run"]>>["outcome"]): HookAnswer {
  switch (outcome.status) {
    case "returned":
      return { status: "success", ...("value" in outcome && { data: outcome.value }) }
    case "rejected":
    case "not_compiled":
    case "invalid_result":
      return { status: "error", data: comparable(dataOf(outcome.error)) }
    case "threw":
      return { status: "threw", when: outcome.error.thrown ?? "sync", message: outcome.error.message }
    case "timed_out":
      return { status: "silent" }
    default:
      throw new Error(`Not an answer: ${JSON.stringify(outcome)}`)
  }
}

function dataOf({ name, message, stack, properties }: HookError): Record<string, Json> {
  return { ...properties, name, message, ...(stack !== undefined && { stack }) }
}

/**
 * An error's data as both can be held to it. Stacks name different files. The wrapper sends own properties only:
 * most errors have their name from their class, where it shows in the stack, and an empty message is left out.
 */
function comparable({ stack, message = "", ...data }: Record<string, Json>): Record<string, Json> {
  const [className = "Error"] = /^\w*Error\b/m.exec(String(stack)) ?? []
  return { name: className, ...data, message }
}

/** A hook of the trigger's own signature. */
export function hookOf(triggerId: TriggerId, body: string): string {
  return `module.exports = function (${[...TRIGGERS[triggerId].parameters, "cb"].join(", ")}) { ${body} }`
}
