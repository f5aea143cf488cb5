import type { Reply } from "@hooklane/core"

type Settle = (reply: Reply | undefined) => void

interface Wait {
  executionId: string
  /** Epoch milliseconds. */
  deadlineAt: number
  /** Called at the deadline; may settle the wait and must not reject. */
  lastLook: () => Promise<void>
  /** Ends the wait at once. */
  giveUp?: AbortSignal | undefined
}

/** Who waits for which reply, and until when. */
export interface Waits {
  /**
   * The reply that `settle` is given, or undefined when there was none at the deadline and the last look has
   * not found one either, or when it was given up. Registered from the moment of the call.
   */
  add(wait: Wait): Promise<Reply | undefined>
  /** Settles all waits for the execution; without one, nothing happens. */
  settle(executionId: string, reply: Reply): void
  has(executionId: string): boolean
  executionIds(): string[]
  count(): number
  close(): void
}

export function createWaits(): Waits {
  const byExecution = new Map<string, Set<Settle>>()
  let count = 0
  let isClosed = false

  function settle(executionId: string, reply: Reply | undefined): void {
    for (const one of byExecution.get(executionId) ?? []) one(reply)
  }

  async function add({ executionId, deadlineAt, lastLook, giveUp }: Wait) {
    if (isClosed || giveUp?.aborted) return undefined
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>()
    const settles = byExecution.get(executionId) ?? new Set()
    byExecution.set(executionId, settles.add(resolve))
    count += 1
    const expire = async () => {
      await lastLook()
      resolve(undefined)
    }
    const timer = setTimeout(expire, Math.max(0, deadlineAt - Date.now()))
    const abandon = () => resolve(undefined)
    giveUp?.addEventListener("abort", abandon)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      giveUp?.removeEventListener("abort", abandon)
      count -= 1
      settles.delete(resolve)
      if (settles.size === 0) byExecution.delete(executionId)
    }
  }

  return {
    add,
    settle,
    has: (executionId) => byExecution.has(executionId),
    executionIds: () => [...byExecution.keys()],
    count: () => count,
    close: () => {
      isClosed = true
      for (const executionId of byExecution.keys()) settle(executionId, undefined)
    },
  }
}
