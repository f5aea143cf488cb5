import { readRssMb } from "./memory-watch.ts"
import type { Places } from "./places.ts"
import type { ExecutorStats } from "./run-task.ts"
import type { Spare } from "./spare.ts"

export function statsOf(places: Places, spare: Spare): ExecutorStats {
  const executors = [...places.all()].map(({ versionId, pid, running }) => ({
    pid,
    hookVersions: [versionId],
    running,
    rssMb: readRssMb(pid),
  }))
  if (!spare.process) return { executors }
  const { pid } = spare.process
  return { executors: [...executors, { pid, hookVersions: [], running: 0, rssMb: readRssMb(pid) }] }
}
