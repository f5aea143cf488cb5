import type { ChildProcess } from "node:child_process"
import { cutText } from "./contained/cut-text.ts"
import type { DeathCause } from "./protocol.ts"

/** How a process ends, and why. */
export interface Death {
  /** Ends the process at once. The first reason given is the one that counts. */
  kill(reason: string, cause?: DeathCause): void
  /** Resolves when the process is gone and all it sent was read. */
  readonly gone: Promise<DeathReport>
}

export interface DeathReport {
  reason: string
  cause: DeathCause
  /** What was around the process failed, whatever hook was inside. */
  isBlameless?: true
}

const MAX_STDERR_CHARS = 8_192
const MAX_ERROR_CHARS = 300

export function watchDeath(child: ChildProcess): Death {
  const { promise: gone, resolve } = Promise.withResolvers<DeathReport>()
  let told: DeathReport | undefined
  let stderr = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_CHARS)
  })
  child.on("error", (error) => resolve({ reason: error.message, cause: "crash" }))
  child.on("close", (code, signal) => resolve(told ?? describeExit(code, signal, stderr)))
  return {
    kill(reason, cause = "crash") {
      told ??= { reason, cause }
      child.kill("SIGKILL")
    },
    gone,
  }
}

function describeExit(code: number | null, signal: string | null, stderr: string): DeathReport {
  if (/out of memory|allocation failed/i.test(stderr)) {
    return { reason: "its process ran out of memory", cause: "memory" }
  }
  const how = signal ? `its process was ended by ${signal}` : `its process exited with code ${code}`
  const error = /^\w*Error.*$/m.exec(stderr)?.[0]
  return { reason: error ? `${how} (${cutText(error, MAX_ERROR_CHARS)})` : how, cause: "crash" }
}
