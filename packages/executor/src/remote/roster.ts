import type { LaunchedExecutor } from "../launched-executor.ts"
import type { Order, Report } from "./protocol.ts"

/** The executors of one worker, as long as they live. */
export interface Roster {
  readonly size: number
  /** Takes care of an executor, and reports its end. */
  add(key: string, executor: LaunchedExecutor): void
  has(key: string): boolean
  /** Does what is ordered; an executor that is gone has no use for it. */
  take(order: Exclude<Order, { type: "ping" }>): void
  /** Kills all and resolves when they are gone. */
  close(reason: string): Promise<void>
}

interface Member {
  executor: LaunchedExecutor
  /** Ends the watch of its memory, while there is one. */
  release: (() => void) | undefined
  reportedMb: number
}

const MEMORY_REPORT_MS = 2_000

export function openRoster(report: (report: Report) => void): Roster {
  const members = new Map<string, Member>()
  const timer = setInterval(reportMemory, MEMORY_REPORT_MS).unref()

  function reportMemory(): void {
    const changed = [...members].flatMap(([key, member]) => {
      const { rssMb } = member.executor
      if (rssMb === member.reportedMb) return []
      member.reportedMb = rssMb
      return { key, rssMb }
    })
    if (changed.length > 0) report({ type: "memory", executors: changed })
  }

  return {
    get size() {
      return members.size
    },
    has: (key) => members.has(key),
    add(key, executor) {
      members.set(key, { executor, release: undefined, reportedMb: 0 })
      void executor.gone.then((death) => {
        members.get(key)?.release?.()
        members.delete(key)
        report({ type: "gone", key, death })
      })
    },
    take(order) {
      const member = members.get(order.key)
      if (!member) return
      const { executor } = member
      // The worker has a reason of its own, and that is the one which it tells.
      if (order.type === "kill") executor.kill("its worker ended it")
      if (order.type === "set_baseline") {
        executor.setBaseline()
        reportMemory()
      }
      if (order.type === "watch") {
        member.release?.()
        member.release = order.isBusy ? executor.hold() : undefined
      }
    },
    async close(reason) {
      clearInterval(timer)
      for (const { executor } of members.values()) executor.kill(reason)
      await Promise.all(Array.from(members.values(), ({ executor }) => executor.gone))
    },
  }
}
