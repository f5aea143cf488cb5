import type { Output } from "./output.ts"
import { type ProcessSpec, type Supervised, supervise } from "./supervise.ts"

export interface ProcessGroups {
  /** Starts processes that stop together. */
  start(specs: readonly ProcessSpec[]): void
  markReady(): void
  /** Stops the group that was started last first, and the next one when that is gone. */
  stop(): Promise<void>
  kill(): void
}

/** The processes of the service, in the order in which they need each other. */
export function openProcessGroups(deps: {
  output: Output
  onGiveUp: (reason: string) => void
}): ProcessGroups {
  const groups: Supervised[][] = []
  return {
    start: (specs) => void groups.push(specs.map((spec) => supervise(spec, deps))),
    markReady: () => {
      for (const process of groups.flat()) process.markReady()
    },
    stop: async () => {
      for (const group of groups.toReversed()) await Promise.all(group.map((process) => process.stop()))
    },
    kill: () => {
      for (const process of groups.flat()) process.kill()
    },
  }
}
