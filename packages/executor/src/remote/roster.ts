import { setTimeout as sleep } from "node:timers/promises"
import type { LaunchedExecutor } from "../launched-executor.ts"
import type { Order, Report } from "./protocol.ts"

/** The executors of one worker, as long as they live. */
export interface Roster {
  readonly size: number
  /** Takes care of an executor, and reports its end. */
  add(key: string, executor: LaunchedExecutor): void
  has(key: string): boolean
  /** The one that has nothing to do for the longest time, if there is one. */
  findIdlest(): IdleExecutor | undefined
  /** Does what is ordered; an executor that is gone has no use for it. */
  take(order: ExecutorOrder): void
  /** Kills all and resolves when they are gone. */
  close(reason: string): Promise<void>
}

/** One that names an executor. */
type ExecutorOrder = Exclude<Order, { type: "ping" }>

export interface IdleExecutor {
  /** A time of `performance.now`. */
  since: number
  /** Asks its worker to give it back. Resolves when it is gone, or was not given soon. */
  askBack(): Promise<void>
}

interface Member {
  executor: LaunchedExecutor
  /** Undefined while it starts and while runs are inside. */
  idleSince: number | undefined
  /** Ends the watch of its memory, while there is one. */
  release: (() => void) | undefined
  reportedMb: number
  reportedWaitMs: number
}

const MEMORY_REPORT_MS = 2_000
/** A fraction of the limits by which workers judge executors; less waiting than the other is not worth a word. */
const WAIT_REPORT_MS = 500
const MIN_WAIT_MS = 50
/** The egress broker notices within a millisecond that an executor has ended. */
const CALLS_LIMIT_MS = 500
/** A worker answers at once. */
const ASK_MS = 250

export function openRoster(report: (report: Report) => void): Roster {
  const members = new Map<string, Member>()
  const { reportMemory, stop } = startReporting(members, report)

  /** Only the worker knows that no run is on its way into it. */
  async function askBack(key: string, member: Member): Promise<void> {
    // Others are asked for first, should this one be kept.
    member.idleSince = performance.now()
    report({ type: "wanted", key })
    await Promise.race([member.executor.gone, sleep(ASK_MS)])
  }

  /** Resolves when there is nothing more to report. */
  function reportCalls(key: string, { egress }: LaunchedExecutor): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    egress.listen({
      onCalls: (calls) => report({ type: "calls", key, report: calls }),
      onFault: (fault) => report({ type: "line_fault", key, fault }),
      onClosed(end) {
        report({ type: "line_closed", key, end })
        resolve()
      },
    })
    return promise
  }

  return {
    get size() {
      return members.size
    },
    has: (key) => members.has(key),
    findIdlest() {
      const idle = [...members].flatMap(([key, member]) =>
        member.idleSince === undefined
          ? []
          : { since: member.idleSince, askBack: () => askBack(key, member) },
      )
      return idle.toSorted((a, b) => a.since - b.since)[0]
    },
    add(key, executor) {
      const member = newMember(executor)
      members.set(key, member)
      const callsAreTold = reportCalls(key, executor)
      void executor.gone.then(async (death) => {
        member.release?.()
        members.delete(key)
        // Its worker forgets it then.
        await Promise.race([callsAreTold, sleep(CALLS_LIMIT_MS)])
        report({ type: "gone", key, death })
      })
    },
    take(order) {
      const member = members.get(order.key)
      if (!member) return
      obey(member, order)
      if (order.type === "set_baseline") reportMemory()
    },
    async close(reason) {
      stop()
      for (const { executor } of members.values()) executor.kill(reason)
      await Promise.all(Array.from(members.values(), ({ executor }) => executor.gone))
    },
  }
}

function startReporting(members: Map<string, Member>, report: (report: Report) => void) {
  function reportMemory(): void {
    const executors = changedMemory(members)
    if (executors.length > 0) report({ type: "memory", executors })
  }
  function reportWaits(): void {
    const executors = changedWaits(members)
    if (executors.length > 0) report({ type: "waited", executors })
  }
  const memoryTimer = setInterval(reportMemory, MEMORY_REPORT_MS).unref()
  const waitTimer = setInterval(reportWaits, WAIT_REPORT_MS).unref()
  return {
    reportMemory,
    stop() {
      clearInterval(memoryTimer)
      clearInterval(waitTimer)
    },
  }
}

function newMember(executor: LaunchedExecutor): Member {
  return { executor, idleSince: undefined, release: undefined, reportedMb: 0, reportedWaitMs: 0 }
}

function changedMemory(members: Map<string, Member>): { key: string; pid: number; rssMb: number }[] {
  return [...members].flatMap(([key, member]) => {
    const { pid, rssMb } = member.executor
    if (rssMb === member.reportedMb) return []
    member.reportedMb = rssMb
    return { key, pid, rssMb }
  })
}

function changedWaits(members: Map<string, Member>): { key: string; waitedMs: number }[] {
  return [...members].flatMap(([key, member]) => {
    const waitedMs = member.executor.waitedMs?.() ?? 0
    if (waitedMs - member.reportedWaitMs < MIN_WAIT_MS) return []
    member.reportedWaitMs = waitedMs
    return { key, waitedMs }
  })
}

function obey(member: Member, order: ExecutorOrder): void {
  const { executor } = member
  // The worker has a reason of its own, and that is the one which it tells.
  if (order.type === "kill") executor.kill("its worker ended it")
  if (order.type === "bind_egress") executor.egress.bind(order.hookEgress)
  if (order.type === "end_run") executor.egress.endRun(order.run)
  if (order.type === "set_baseline") {
    executor.setBaseline()
    member.idleSince = performance.now()
  }
  if (order.type === "watch") {
    member.release?.()
    member.release = order.isBusy ? executor.hold() : undefined
    member.idleSince = order.isBusy ? undefined : performance.now()
  }
}
