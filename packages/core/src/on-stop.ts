import { CANNOT_START } from "./run-process.ts"

interface StopLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * Ends this process well: the first SIGINT or SIGTERM runs `close` and then exits with 0 (1 when it fails), a
 * second one exits at once. `fail` does the same without a signal, and exits as a process that cannot start.
 */
export function onStop(close: () => Promise<void>, log: StopLog): { fail(error: Error): Promise<void> } {
  let isStopping = false
  const end = async (reason: object, exitCode: number) => {
    isStopping = true
    log.info(reason, "stopping")
    try {
      await close()
      log.info({}, "stopped")
      process.exit(exitCode)
    } catch (err) {
      log.error({ err }, "stopping failed")
      process.exit(1)
    }
  }
  const stop = (signal: string) => (isStopping ? process.exit(1) : end({ signal }, 0))
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  return {
    fail: async ({ message }) => {
      if (isStopping) return
      log.error({ reason: message }, "this process cannot go on")
      await end({ reason: message }, CANNOT_START)
    },
  }
}
