export interface ProcessorTimerOptions {
  /** The limit: in time, of which this whole process has worked for a half at least. */
  limitMs: number
  /** When the limit is over in any case, however little of a processor there was. */
  maxMs: number
  onOver(): void
}

const STEP_MS = 100

/**
 * A timer for what has to be done with processor time: on a machine whose processors are taken by others nothing can
 * be said of a thread that is late. Gives the function that stops it.
 */
export function startProcessorTimer({ limitMs, maxMs, onOver }: ProcessorTimerOptions): () => void {
  const startedAt = performance.now()
  const halfMs = limitMs / 2
  /** Since the first half: nearly all are stopped before, and asking takes as long as a short run. */
  let before: NodeJS.CpuUsage | undefined
  let timer = setTimeout(begin, halfMs)

  function begin(): void {
    before = process.cpuUsage()
    timer = setTimeout(look, halfMs)
  }

  function look(): void {
    const { user, system } = process.cpuUsage(before)
    if ((user + system) / 1_000 >= halfMs || performance.now() - startedAt >= maxMs) onOver()
    else timer = setTimeout(look, STEP_MS)
  }

  return () => clearTimeout(timer)
}
