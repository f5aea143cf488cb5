/** Parts into which a wait is divided, and how many times as long it may become. */
const PARTS = 4
const MAX_STRETCH = 2

/**
 * A timer for the answer of another process. Time in which this process itself was held up, because it had no
 * processor or too much to do, does not count: the answer may be here, unread. What has arrived is read before the
 * timer is over. Gives the function that stops it.
 */
export function startFairTimer(limitMs: number, onOver: () => void): () => void {
  const startedAt = performance.now()
  let partsLeft = PARTS
  let isStopped = false
  let timer = setTimeout(next, limitMs / PARTS)

  function next(): void {
    partsLeft -= 1
    const isOver = partsLeft === 0 || performance.now() - startedAt >= MAX_STRETCH * limitMs
    if (isOver) setImmediate(end)
    else timer = setTimeout(next, limitMs / PARTS)
  }

  function end(): void {
    if (!isStopped) onOver()
  }

  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

/** The same where somebody was promised an answer by then: all time counts. */
export function startStrictTimer(limitMs: number, onOver: () => void): () => void {
  let isStopped = false
  const end = () => {
    if (!isStopped) onOver()
  }
  const timer = setTimeout(setImmediate, limitMs, end)
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}
