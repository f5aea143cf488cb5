import type { Logger } from "pino"

export interface RetentionDeps {
  prune: () => Promise<void>
  everyMs: number
  log: Logger
}

/** Runs `prune` now and again `everyMs` after it ended; a failure is logged and the next turn tries again. */
export function startRetention({ prune, everyMs, log }: RetentionDeps): { close(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let running = turn()

  async function turn(): Promise<void> {
    try {
      await prune()
    } catch (err) {
      log.error({ err }, "old history could not be removed")
    }
    if (isClosed) return
    timer = setTimeout(() => {
      running = turn()
    }, everyMs)
  }

  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await running
    },
  }
}
