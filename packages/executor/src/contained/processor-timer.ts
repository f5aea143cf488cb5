export interface ProcessorTimerOptions {
  /** The limit: in time, and in processor time that this whole process has had meanwhile. */
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
  const before = process.cpuUsage()
  let timer = setTimeout(look, limitMs)

  function look(): void {
    const { user, system } = process.cpuUsage(before)
    if ((user + system) / 1_000 >= limitMs || performance.now() - startedAt >= maxMs) onOver()
    else timer = setTimeout(look, STEP_MS)
  }

  return () => clearTimeout(timer)
}
