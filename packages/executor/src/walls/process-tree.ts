import { readFileSync } from "node:fs"

/**
 * The last of the processes that start one another: behind a wall, Node's is the child of the programs that raised it.
 * The process itself where children cannot be read, as anywhere but on Linux.
 */
export function innermost(pid: number): number {
  const child = firstChild(pid)
  return child === undefined ? pid : innermost(child)
}

/**
 * Ends a process and the line of those that it started. Ending the first would do, but for the moment in which
 * bubblewrap's own child waits for it and has not asked yet to end with it.
 */
export function killLine(pid: number): void {
  const child = firstChild(pid)
  kill(pid)
  if (child !== undefined) killLine(child)
}

function firstChild(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")
    return child ? Number(child) : undefined
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended.
  }
}
