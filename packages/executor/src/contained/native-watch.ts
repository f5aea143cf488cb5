/**
 * Notices native code that works on behind the runs: a key derivation that a run left occupies a processor for
 * minutes, whether or not other runs come. Idle processes are looked after by the idle watch; this is for busy ones.
 */
export interface NativeWatchOptions {
  /** What the threads that run hooks have used until now; rejects, or stays open, when one of them does not answer. */
  threadsCpuMs(): Promise<number>
  /** Native code of a hook may be innocent: it is worth a look, not a punishment. */
  onSuspicion(): void
}

const CHECK_MS = 500
/** Of one processor. Not more: on a machine that has much to do, what burns gets only a part of it. */
const MAX_SHARE = 0.2
/** Collecting garbage uses other threads, too: some 5 % at thousands of runs a second. */
const CHECKS_ALLOWED = 3
/** A hook whose every run derives keys is looked at again after so many checks: 15 s. */
const PAUSE_CHECKS = 30

export function startNativeWatch({ threadsCpuMs, onSuspicion }: NativeWatchOptions): void {
  let before: number | undefined
  let isLooking = false
  let burning = 0
  let pause = 0

  async function look(): Promise<void> {
    const now = othersOf(await threadsCpuMs())
    const used = before === undefined ? 0 : now - before
    before = now
    burning = used > CHECK_MS * MAX_SHARE ? burning + 1 : 0
    if (burning <= CHECKS_ALLOWED || pause > 0) return
    burning = 0
    pause = PAUSE_CHECKS
    onSuspicion()
  }

  setInterval(() => {
    pause = Math.max(0, pause - 1)
    // A thread inside native code answers later; the run that it serves has a limit.
    if (isLooking) return
    isLooking = true
    look()
      .catch(() => {
        before = undefined
      })
      .finally(() => {
        isLooking = false
      })
  }, CHECK_MS)
}

/** What this process used in neither its main thread nor those of hooks. */
function othersOf(threadsMs: number): number {
  return milliseconds(process.cpuUsage()) - milliseconds(process.threadCpuUsage()) - threadsMs
}

/** As Node counts processor time: in microseconds, of two kinds. */
export function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000
}
