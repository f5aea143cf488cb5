/** Calls `act` a moment after it was asked for, once for all who ask meanwhile. */
export interface MomentLater {
  ask(): void
  cancel(): void
}

const AFTER_MS = 30

export function createMomentLater(act: () => void): MomentLater {
  let timer: NodeJS.Timeout | undefined
  return {
    ask() {
      timer ??= setTimeout(() => {
        timer = undefined
        act()
      }, AFTER_MS)
    },
    cancel: () => clearTimeout(timer),
  }
}
