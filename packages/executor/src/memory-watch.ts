import { readFileSync } from "node:fs"

/**
 * Watches the memory of a process while runs are inside: what lies outside the JavaScript heap, buffers above
 * all, has no other bound. 20 times a second a process at full speed gets some 100 MB past it.
 */
export interface MemoryWatch {
  /** The process is at rest: what it takes now does not count. */
  setBaseline(): void
  /** Watches until the release is called. */
  hold(): () => void
  /** The last figure in MB. */
  readonly rssMb: number
  readonly allowedMb: number
}

export interface MemoryWatchOptions {
  pid(): number
  /** Above the baseline. */
  allowedMb: number
  onExceeded(allowedMb: number): void
}

const POLL_MS = 50
const PAGE_BYTES = 4096

export function watchMemory({ pid, allowedMb, onExceeded }: MemoryWatchOptions): MemoryWatch {
  let baselineMb = 0
  let rssMb = 0
  let polledAt = 0
  let holders = 0
  let timer: NodeJS.Timeout | undefined

  function poll(): void {
    polledAt = performance.now()
    // A process that has just died reads as 0.
    rssMb = readRssMb(pid()) || rssMb
    if (rssMb > baselineMb + allowedMb) onExceeded(allowedMb)
  }

  return {
    setBaseline: () => {
      baselineMb = readRssMb(pid())
    },
    hold() {
      holders += 1
      // Not for each of many short runs: reading it takes longer than some of them.
      if (performance.now() - polledAt >= POLL_MS) poll()
      timer ??= setInterval(poll, POLL_MS).unref()
      return () => {
        holders -= 1
        if (holders > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
    allowedMb,
    get rssMb() {
      return rssMb
    },
  }
}

/** Resident memory of a process; 0 where it cannot be read, as on anything but Linux. */
export function readRssMb(pid: number): number {
  return readPages(pid, 1)
}

/** Address space of a process; 0 where it cannot be read. */
export function readVirtualMb(pid: number): number {
  return readPages(pid, 0)
}

function readPages(pid: number, field: number): number {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[field]
    return Math.round((Number(pages) * PAGE_BYTES) / (1024 * 1024))
  } catch {
    return 0
  }
}
