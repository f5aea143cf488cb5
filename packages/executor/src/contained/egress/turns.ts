/** A line at a narrow door: so many are inside at once, the others wait in the order in which they came. */
export interface Turns {
  /** @param isWanted asked when its turn has come; with false, nothing is done and the result is undefined */
  take<Value>(task: () => Promise<Value>, isWanted: () => boolean): Promise<Value | undefined>
}

export function createTurns(maxInside: number): Turns {
  const waiting: (() => void)[] = []
  let inside = 0

  function enter(): Promise<void> | undefined {
    if (inside < maxInside) {
      inside += 1
      return undefined
    }
    return new Promise((resolve) => {
      waiting.push(resolve)
    })
  }

  /** Whoever is next takes the place of the one that leaves. */
  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else inside -= 1
  }

  return {
    async take(task, isWanted) {
      await enter()
      try {
        return isWanted() ? await task() : undefined
      } finally {
        leave()
      }
    },
  }
}
