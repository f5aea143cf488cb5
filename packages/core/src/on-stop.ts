interface StopLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * Ends this process well: the first SIGINT or SIGTERM runs `close` and then exits with 0 (1 when it fails), a
 * second one exits at once.
 */
export function onStop(close: () => Promise<void>, log: StopLog): void {
  let isStopping = false
  const stop = async (signal: string) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ signal }, "stopping")
    try {
      await close()
      log.info({}, "stopped")
      process.exit(0)
    } catch (err) {
      log.error({ err }, "stopping failed")
      process.exit(1)
    }
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
}
