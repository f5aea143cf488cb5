import { setTimeout as sleep } from "node:timers/promises"
import type { IdleExecutor } from "./roster.ts"

/** How many executors a sandbox service has, of all its workers together. */
export interface Room {
  /**
   * Keeps room for one more until `release`. When there is none, asks back the executor that is idle for the longest
   * time, whichever worker it serves. Resolves with why there is none, when all are at work for 3 s.
   */
  reserve(): Promise<string | undefined>
  /** What the room was kept for has started, or will not. */
  release(): void
}

/** What room asks of those who share it. */
interface Tenant {
  readonly size: number
  findIdlest(): IdleExecutor | undefined
}

const BUSY_LIMIT_MS = 3_000
const BUSY_POLL_MS = 50

/** @param maxExecutors at once; each tenant has a blank one besides */
export function openRoom(tenants: ReadonlyMap<string, Tenant>, maxExecutors: number): Room {
  let reserved = 0

  function isFree(): boolean {
    const running = [...tenants.values()].reduce((sum, { size }) => sum + size, 0)
    return running + reserved < maxExecutors + tenants.size
  }

  function findIdlest(): IdleExecutor | undefined {
    const idle = [...tenants.values()].flatMap((tenant) => tenant.findIdlest() ?? [])
    return idle.toSorted((a, b) => a.since - b.since)[0]
  }

  return {
    async reserve() {
      const giveUpAt = performance.now() + BUSY_LIMIT_MS
      while (performance.now() < giveUpAt) {
        if (isFree()) {
          reserved += 1
          return undefined
        }
        await (findIdlest()?.askBack() ?? sleep(BUSY_POLL_MS))
      }
      return `the sandbox service has no room for another executor (HOOKLANE_MAX_EXECUTORS=${maxExecutors} there)`
    },
    release() {
      reserved -= 1
    },
  }
}
