import { readFileSync } from "node:fs"

/**
 * How long the main thread of a process has been ready to run without getting a processor, in ms since its start; 0
 * where the system does not tell, or does not show this process. Linux counts it (`/proc/<pid>/schedstat`).
 */
export function readWaitedMs(pid: number): number {
  if (pid === 0) return 0
  try {
    const nanoseconds = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1])
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : 0
  } catch {
    return 0
  }
}

export interface PatientTimerOptions {
  /** Time in which the process could have worked. */
  limitMs: number
  /** What `readWaitedMs` says of the process that is being judged. */
  waitedMs(): number
  onOver(): void
}

/** However little of the processor it gets, a process is judged after so many times the limit. */
const MAX_STRETCH = 10
const MIN_STEP_MS = 50

/** A timer that stands still while the process it judges waits for a processor. Gives the function that stops it. */
export function startPatientTimer({ limitMs, waitedMs, onOver }: PatientTimerOptions): () => void {
  const startedAt = performance.now()
  const waitedBefore = waitedMs()
  let isStopped = false
  let timer = setTimeout(look, limitMs)

  function look(): void {
    const elapsedMs = performance.now() - startedAt
    const leftMs = limitMs - (elapsedMs - (waitedMs() - waitedBefore))
    if (leftMs > 1 && elapsedMs < MAX_STRETCH * limitMs)
      timer = setTimeout(look, Math.max(leftMs, MIN_STEP_MS))
    // Not before this process has read its pipes: it may be the one that was late.
    else setImmediate(end)
  }

  function end(): void {
    if (!isStopped) onOver()
  }

  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}
