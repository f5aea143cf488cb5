import type { ChildProcess } from "node:child_process"
import { constants } from "node:os"
import { cutText } from "./contained/cut-text.ts"
import type { DeathCause } from "./protocol.ts"
import { killLine } from "./walls/process-tree.ts"

/** How a process ends, and why. */
export interface Death {
  /** Ends the process at once. The first reason given is the one that counts. */
  kill(reason: string, facts?: DeathFacts): void
  /** Resolves when the process is gone and all it sent was read. */
  readonly gone: Promise<DeathReport>
}

export interface DeathReport {
  reason: string
  cause: DeathCause
  /** "inside" when it is not said. */
  blame?: Blame
  /** Runs that were handed to the process and that it had not begun, as far as it says. */
  untouched?: string[]
}

/**
 * Whose doing the end of a process is.
 * - `inside`: of a run that was inside, or of what its version left there
 * - `perhaps_inside`: that, or of somebody else on the machine
 * - `earlier`: of a run that has ended already
 * - `nobody`: what was around the process failed, or it was not needed any more
 */
export const BLAMES = ["inside", "perhaps_inside", "earlier", "nobody"] as const
export type Blame = (typeof BLAMES)[number]

export type DeathFacts = Partial<Omit<DeathReport, "reason">>

const MAX_STDERR_CHARS = 8_192
const MAX_ERROR_CHARS = 300

export function watchDeath(child: ChildProcess): Death {
  const { promise: gone, resolve } = Promise.withResolvers<DeathReport>()
  let told: DeathReport | undefined
  let stderr = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_CHARS)
  })
  child.on("error", (error) => resolve({ reason: error.message, cause: "crash", blame: "nobody" }))
  child.on("close", (code, signal) => resolve(told ?? describeExit(code, signal, stderr)))
  return {
    kill(reason, facts) {
      told ??= { reason, cause: "crash", ...facts }
      // Not one that has ended and was reaped: its number may be another's by now.
      if (child.pid && child.exitCode === null && child.signalCode === null) killLine(child.pid)
    },
    gone,
  }
}

function describeExit(code: number | null, signal: string | null, stderr: string): DeathReport {
  if (/out of memory|allocation failed/i.test(stderr)) {
    return { reason: "its process ran out of memory", cause: "memory" }
  }
  const ended = signal ?? signalIn(code)
  // No hook can send a signal: that was the system, short of memory, or an operator.
  if (ended === "SIGKILL" || ended === "SIGTERM")
    return { reason: `its process was ended by ${ended}`, cause: "crash", blame: "perhaps_inside" }
  const how = ended ? `its process was ended by ${ended}` : `its process exited with code ${code}`
  const error = /^\w*Error.*$/m.exec(stderr)?.[0]
  return { reason: error ? `${how} (${cutText(error, MAX_ERROR_CHARS)})` : how, cause: "crash" }
}

/** Programs that start another one in namespaces tell of its signal as shells do. */
function signalIn(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0]
}
