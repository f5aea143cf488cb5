import type { DeathFacts } from "./death.ts"
import type { PendingRuns } from "./pending-runs.ts"
import {
  type Answer,
  type Answered,
  type FromExecutor,
  fromExecutorSchema,
  type StorageOrderFrame,
} from "./protocol.ts"
import { toEarlyReport, toReport } from "./report.ts"

export interface ReceiverPowers {
  runs: PendingRuns
  /** The run has connected. */
  onConnected(run: string): void
  onReady(): void
  onProof(down: string[]): void
  onStorage(frame: StorageOrderFrame): void
  /** Ends the process; what it sends from then on is of no account. */
  kill(reason: string, facts?: DeathFacts): void
}

/** Takes what an executor sends: each frame is checked, and one that is wrong is the last. */
export function createReceiver({
  runs,
  onConnected,
  onReady,
  onProof,
  onStorage,
  ...powers
}: ReceiverPowers): (message: unknown) => void {
  let isOver = false

  function kill(reason: string, facts?: DeathFacts): void {
    isOver = true
    powers.kill(reason, facts)
  }

  function settle(answer: Answer): void {
    const pending = runs.get(answer.id)
    if (!pending) {
      kill("it answered a run that it was not given")
      return
    }
    if (answer.hasCalls) onConnected(answer.id)
    try {
      runs.settle(answer.id, toReport(answer, pending.task))
    } catch {
      kill("it sent an answer that cannot be read")
    }
  }

  /** A run that goes on; the early word of one that it was not given is no more than that. */
  function answerEarly(answered: Answered): void {
    const pending = runs.get(answered.id)
    if (!pending) {
      kill("it answered a run that it was not given")
      return
    }
    try {
      runs.answer(answered.id, toEarlyReport(answered, pending.task))
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
    if (data.type === "proof") onProof(data.down)
    if (data.type === "farewell") kill(data.reason, factsOf(data))
    if (data.type === "answer") settle(data)
    if (data.type === "answered") answerEarly(data)
    if (data.type === "begun") runs.begin(data.id)
    if (data.type === "output") runs.keepOutput(data.id, data.lines)
    if (data.type === "storage_order") onStorage(data)
  }
}

function factsOf({ cause, blame, untouched }: Extract<FromExecutor, { type: "farewell" }>): DeathFacts {
  return { cause, ...(blame && { blame }), ...(untouched && { untouched }) }
}
