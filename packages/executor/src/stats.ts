import { readFileSync } from "node:fs"
import type { Places } from "./places.ts"
import type { ExecutorStats } from "./run-task.ts"
import type { Spare } from "./spare.ts"

export function statsOf(places: Places, spare: Spare): ExecutorStats {
  const executors = [...places.all()].map(({ versionId, pid, running }) => ({
    pid,
    hookVersions: [versionId],
    running,
    rssMb: rssMb(pid),
  }))
  if (!spare.process) return { executors }
  const { pid } = spare.process
  return { executors: [...executors, { pid, hookVersions: [], running: 0, rssMb: rssMb(pid) }] }
}

/** Resident memory of a process in MB; 0 where it cannot be read, as on anything but Linux. */
function rssMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}
