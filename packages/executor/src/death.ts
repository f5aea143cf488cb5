import type { ChildProcess } from "node:child_process"

/** How a process ends, and why. */
export interface Death {
  /** Ends the process at once. The first reason given is the one that counts. */
  kill(reason: string): void
  /** Resolves with the reason when the process is gone and all it sent was read. */
  readonly gone: Promise<string>
}

const MAX_STDERR_CHARS = 8_192

export function watchDeath(child: ChildProcess): Death {
  const { promise: gone, resolve } = Promise.withResolvers<string>()
  let reason: string | undefined
  let stderr = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_CHARS)
  })
  child.on("error", (error) => resolve(error.message))
  child.on("close", (code, signal) => resolve(reason ?? describeExit(code, signal, stderr)))
  return {
    kill(because) {
      reason ??= because
      child.kill("SIGKILL")
    },
    gone,
  }
}

function describeExit(code: number | null, signal: string | null, stderr: string): string {
  if (/out of memory|allocation failed/i.test(stderr)) return "its process ran out of memory"
  return signal ? `its process was ended by ${signal}` : `its process exited with code ${code}`
}
