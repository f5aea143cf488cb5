import type { Logger } from "pino"

export interface RepeatOptions {
  work: () => Promise<void>
  everyMs: number
  /** What the log says when it fails. */
  complaint: string
  log: Pick<Logger, "error">
}

/** Does `work` now and again `everyMs` after it ended; a failure is logged and the next turn tries again. */
export function startRepeating({ work, everyMs, complaint, log }: RepeatOptions): { close(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let running = turn()

  async function turn(): Promise<void> {
    try {
      await work()
    } catch (err) {
      log.error({ err }, complaint)
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
