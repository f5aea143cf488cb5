import { type ExecutorProcess, superviseExecutor } from "./executor-process.ts"
import type { Identities } from "./identity.ts"
import { launchExecutor } from "./launch.ts"
import type { ExecutorSettings } from "./protocol.ts"
import type { RuntimeFolder } from "./runtime-folder.ts"
import type { AddressSpace } from "./self-test.ts"

export interface ProcessesOptions {
  runtime: RuntimeFolder
  identities: Identities
}

/** Every executor process of this worker from its start to its end, so that none is left over. */
export interface Processes {
  boot(heapMb: number): ExecutorProcess
  /** Bounds the address space of every process from now on. */
  limit(measured: AddressSpace): void
  /** Kills all and resolves when they are gone. */
  close(reason: string): Promise<void>
}

export function openProcesses(
  { runtime, identities }: ProcessesOptions,
  settings: Omit<ExecutorSettings, "heapMb">,
): Processes {
  let measured: AddressSpace | undefined
  const living = new Set<ExecutorProcess>()
  return {
    boot(heapMb) {
      const own = { ...settings, heapMb }
      const identity = "take" in identities ? identities.take() : undefined
      const addressSpaceMb = measured && addressSpaceFor(measured, own)
      const process = superviseExecutor(launchExecutor({ runtime, identity, addressSpaceMb }, own), own)
      living.add(process)
      void process.gone.then(() => living.delete(process))
      return process
    },
    limit(addressSpace) {
      measured = addressSpace
    },
    async close(reason) {
      for (const process of living) process.kill(reason)
      await Promise.all([...living].map(({ gone }) => gone))
    },
  }
}

/** What code, stacks and the allocator reserve beyond what was measured. */
const SLACK_MB = 512

/**
 * A second line behind the memory watch, which looks 20 times a second: what all threads take, twice, since one
 * may be ending while another takes its place, and what the process may use. Nothing is bounded where the address
 * space cannot be read.
 */
function addressSpaceFor(
  { processMb, threadMb }: AddressSpace,
  { threads, heapMb }: Pick<ExecutorSettings, "threads" | "heapMb">,
): number | undefined {
  if (processMb === 0) return undefined
  return processMb + 2 * threads * (threadMb + heapMb) + SLACK_MB
}
