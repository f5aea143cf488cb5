import type { PendingRuns } from "./pending-runs.ts"
import { type Answer, fromExecutorSchema } from "./protocol.ts"
import { toReport } from "./report.ts"

export interface ReceiverPowers {
  runs: PendingRuns
  onReady(): void
  /** Ends the process; what it sends from then on is of no account. */
  kill(reason: string): void
}

/** Takes what an executor sends: each frame is checked, and one that is wrong is the last. */
export function createReceiver({ runs, onReady, ...powers }: ReceiverPowers): (message: unknown) => void {
  let isOver = false

  function kill(reason: string): void {
    isOver = true
    powers.kill(reason)
  }

  function settle(answer: Answer): void {
    const pending = runs.get(answer.id)
    if (!pending) {
      kill("it answered a run that it was not given")
      return
    }
    try {
      runs.settle(answer.id, toReport(answer, pending.task))
    } catch {
      kill("it sent an answer that cannot be read")
    }
  }

  return (message) => {
    if (isOver) return
    const { success, data } = fromExecutorSchema.safeParse(message)
    if (!success) {
      kill("it sent a frame of unknown form")
      return
    }
    if (data.type === "ready") onReady()
    if (data.type === "farewell") kill(data.reason)
    if (data.type === "answer") settle(data)
  }
}
