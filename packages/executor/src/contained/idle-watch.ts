/**
 * Ends a process that works although no run is inside: what a run left in native code, a flood of key
 * derivations for one, is stopped by nothing else.
 */
export interface IdleWatchOptions {
  isBusy(): boolean
  /** Runs that were started until now: a short one may come and go between two looks. */
  runsSoFar(): number
  onBurning(): void
}

const CHECK_MS = 500
/** Replacing a thread takes a fraction of one check. */
const CHECKS_ALLOWED = 2
/** Not more: on a machine that has much to do, what burns gets only a part of a processor. */
const MAX_SHARE = 0.2

export function startIdleWatch({ isBusy, runsSoFar, onBurning }: IdleWatchOptions): void {
  let before = cpuMs()
  let wasBusy = true
  let runsBefore = runsSoFar()
  let burning = 0
  setInterval(() => {
    const now = cpuMs()
    const hadRun = wasBusy || isBusy() || runsSoFar() > runsBefore
    const isBurning = !hadRun && now - before > CHECK_MS * MAX_SHARE
    burning = isBurning ? burning + 1 : 0
    before = now
    wasBusy = isBusy()
    runsBefore = runsSoFar()
    if (burning > CHECKS_ALLOWED) onBurning()
  }, CHECK_MS)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
