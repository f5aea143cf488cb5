/** Turns the runs inside an executor into few orders to watch its memory. */
export interface WatchOrders {
  /** A run is inside until the release is called. */
  hold(): () => void
  readonly isHeld: boolean
  close(): void
}

/** Where runs follow one another, the watch goes on between them, and no order is needed. */
const LINGER_MS = 1_000

export function createWatchOrders(order: (isBusy: boolean) => void): WatchOrders {
  let holders = 0
  let isWatched = false
  let timer: NodeJS.Timeout | undefined

  function tell(isBusy: boolean): void {
    isWatched = isBusy
    order(isBusy)
  }

  return {
    hold() {
      holders += 1
      clearTimeout(timer)
      if (!isWatched) tell(true)
      return () => {
        holders -= 1
        if (holders === 0) timer = setTimeout(tell, LINGER_MS, false).unref()
      }
    },
    get isHeld() {
      return holders > 0
    },
    close: () => clearTimeout(timer),
  }
}
