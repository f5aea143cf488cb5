import { setTimeout as sleep } from "node:timers/promises"
import { AppError, type StandingWall } from "@hooklane/core"
import type { ExecutorLog } from "../run-task.ts"
import type { Control } from "./control.ts"

/** A connection to a sandbox service that is opened again whenever it is lost. */
export interface KeptControl {
  readonly maxExecutors: number
  readonly wall: StandingWall
  /** Undefined while the service is away. */
  readonly current: Control | undefined
  /** Why it is away; undefined when it is there. */
  readonly problem: string | undefined
  close(reason: string): void
}

export interface KeepControlOptions {
  url: string
  open(): Promise<Control>
  onLost(reason: string): void
  log: ExecutorLog
}

/** A service that starts together with its worker is there by then. */
const START_LIMIT_MS = 30_000
const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 5_000

/**
 * Waits for the service, and after a loss tries again at most 5 s apart for as long as this process lives.
 * @throws AppError invalid_setting when no service is there within 30 s
 * @throws AppError internal_error when it refuses this worker
 */
export async function keepControl(options: KeepControlOptions): Promise<KeptControl> {
  const { open, onLost, log } = options
  let current: Control | undefined = await openFirst(options)
  let problem: string | undefined
  let isClosed = false
  const { maxExecutors, wall } = current
  void guard(current)

  async function guard(control: Control): Promise<void> {
    const why = await control.closed
    current = undefined
    problem = `the sandbox service went away (${why})`
    onLost(problem)
    if (isClosed) return
    log.warn({ why }, "the sandbox service went away")
    await reopen()
  }

  async function reopen(): Promise<void> {
    let last: string | undefined
    for (let delayMs = FIRST_DELAY_MS; !isClosed; delayMs = Math.min(2 * delayMs, MAX_DELAY_MS)) {
      await sleep(delayMs, undefined, { ref: false })
      try {
        const control = await open()
        if (isClosed) return control.close("this worker is closing")
        current = control
        problem = undefined
        log.warn({}, "the sandbox service is back")
        return void guard(control)
      } catch (error) {
        const reason = messageOf(error)
        if (reason !== last) log.warn({ reason }, "waiting for the sandbox service")
        last = reason
        problem = `the sandbox service is away (${reason})`
      }
    }
  }

  return {
    maxExecutors,
    wall,
    get current() {
      return current
    },
    get problem() {
      return problem
    },
    close(reason) {
      isClosed = true
      current?.close(reason)
    },
  }
}

async function openFirst({ url, open, log }: KeepControlOptions): Promise<Control> {
  const giveUpAt = performance.now() + START_LIMIT_MS
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open()
    } catch (error) {
      if (error instanceof AppError) throw error
      if (attempt === 1) log.warn({ url, reason: messageOf(error) }, "waiting for the sandbox service")
      if (performance.now() > giveUpAt) throw notThere(url, error)
      await sleep(FIRST_DELAY_MS)
    }
  }
}

function notThere(url: string, cause: unknown): AppError {
  return new AppError(
    "invalid_setting",
    `No sandbox service answers at EXECUTOR_URL=${url} (${messageOf(cause)}). Start one with the same setting ` +
      `(node apps/sandbox/src/main.ts), or unset EXECUTOR_URL to run hooks in child processes of the worker.`,
    { cause },
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
