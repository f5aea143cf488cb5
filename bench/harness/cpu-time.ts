import { readdirSync, readFileSync } from "node:fs"

/** Linux counts the processor time of a process in hundredths of a second, whatever the machine. */
const MS_PER_TICK = 10

/** Processor time in ms that these processes and their children have used; undefined where there is no /proc. */
export function cpuTimeMs(pids: readonly number[]): number | undefined {
  if (process.platform !== "linux") return undefined
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap(read)
  return all
    .filter(({ pid, parent }) => pids.includes(pid) || pids.includes(parent))
    .reduce((sum, { ticks }) => sum + ticks * MS_PER_TICK, 0)
}

function read(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name, in parentheses, may hold anything; behind it: state, parent, … user and system time.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }]
  } catch {
    return [] // It ended meanwhile.
  }
}
