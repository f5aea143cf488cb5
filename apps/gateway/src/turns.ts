/** Runs at most `atOnce` works at a time, the others in the order in which they came. */
export function createTurns(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let free = atOnce

  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The turn is handed on; it is free only when nobody waits for it.
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
