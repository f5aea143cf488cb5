import type { Places } from "./places.ts"
import type { ExecutorStats } from "./run-task.ts"
import type { Spare } from "./spare.ts"

export function statsOf(places: Places, spare: Spare): ExecutorStats {
  const executors = [...places.all()].map(({ versionId, process, running, goingOn }) => ({
    pid: process.pid,
    hookVersions: [versionId],
    running,
    goingOn,
    rssMb: process.rssMb,
  }))
  if (!spare.process) return { executors }
  const { pid, rssMb } = spare.process
  return { executors: [...executors, { pid, hookVersions: [], running: 0, goingOn: 0, rssMb }] }
}
