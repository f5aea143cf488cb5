import { type ExecutorProcess, superviseExecutor } from "./executor-process.ts"
import type { Launcher } from "./launcher.ts"
import type { ExecutorKind, ExecutorSettings } from "./protocol.ts"

/** Every executor process of this worker from its start to its end, so that none is left over. */
export interface Processes {
  boot(kind: ExecutorKind): ExecutorProcess
  /** Kills all and resolves when they are gone. */
  close(reason: string): Promise<void>
}

export function openProcesses(
  { launch }: Pick<Launcher, "launch">,
  settings: Omit<ExecutorSettings, keyof ExecutorKind>,
): Processes {
  const living = new Set<ExecutorProcess>()
  return {
    boot({ heapMb }) {
      const own = { ...settings, heapMb }
      const process = superviseExecutor(launch(own), own)
      living.add(process)
      void process.gone.then(() => living.delete(process))
      return process
    },
    async close(reason) {
      for (const process of living) process.kill(reason)
      await Promise.all([...living].map(({ gone }) => gone))
    },
  }
}
