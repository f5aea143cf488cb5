import type { ExecutorProcess } from "./executor-process.ts"
import type { ExecutorKind } from "./protocol.ts"

/** Keeps one blank executor booted ahead, so that a hook that was not used lately starts at once. */
export interface Spare {
  readonly process: ExecutorProcess | undefined
  /** The blank executor, or a new one when there is none of this kind. */
  take(kind: ExecutorKind): ExecutorProcess
  close(): void
}

/** The hook that took the spare has the processor to itself for a moment. */
const REFILL_DELAY_MS = 200

export function keepSpare(boot: (kind: ExecutorKind) => ExecutorProcess, kind: ExecutorKind): Spare {
  let spare: ExecutorProcess | undefined
  let timer: NodeJS.Timeout | undefined

  function refill(): void {
    const blank = boot(kind)
    spare = blank
    // One that dies unused is not replaced here: whatever killed it would kill the next one.
    void blank.gone.then(() => {
      if (spare === blank) spare = undefined
    })
  }

  refill()
  return {
    get process() {
      return spare
    },
    take(wanted) {
      // Not put off by the next take: where many hooks start one after the other, each would boot its own.
      timer ??= setTimeout(() => {
        timer = undefined
        if (!spare) refill()
      }, REFILL_DELAY_MS)
      if (!spare || wanted.heapMb !== kind.heapMb) return boot(wanted)
      const taken = spare
      spare = undefined
      return taken
    },
    close() {
      clearTimeout(timer)
      spare?.kill("it was not needed any more")
    },
  }
}
