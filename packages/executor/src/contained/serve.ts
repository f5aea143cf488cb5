import { setPriority } from "node:os"
import { threadId } from "node:worker_threads"
import type { HookRunner } from "./hook-runner.ts"
import { openProgress } from "./progress.ts"
import type { RunMessage, RunOrder, ServeTask, ThreadMessage, ToThread } from "./thread-protocol.ts"

/**
 * While runs wait in line, the look for what a run has patched is put off, for so many at most: it takes as long as a
 * short run. In a thread that comes to rest it is made up for.
 */
const MAX_RUNS_UNLOOKED = 8
const LOOK_WHEN_IDLE_MS = 20

/** Node's own: a hook has others. */
const { setTimeout } = globalThis

/**
 * Runs what comes over the port until there is nothing more to do. The next run may come while the one before is
 * being cleaned up; it is begun when nothing of that is left.
 */
export function serve(
  runner: HookRunner,
  { port, hook, priority, progress: memory }: ServeTask,
): Promise<void> {
  setPriority(priority)
  const progress = openProgress(memory)
  const { promise: served, resolve: leave } = Promise.withResolvers<void>()
  let next: RunOrder | undefined
  let isWorking = false
  const patches = lookForPatches(runner, {
    isIdle: () => !isWorking,
    onFound() {
      // What comes meanwhile is begun elsewhere.
      isWorking = true
      post({ kind: "unclean" })
    },
  })

  const post = (message: ThreadMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

  async function work(): Promise<void> {
    isWorking = true
    while (next) {
      const order = next
      const { run } = order
      next = undefined
      const say = (message: RunMessage, transfer?: ArrayBuffer[]) =>
        post({ kind: "said", run, message }, transfer)
      progress.begin(run)
      // Awaited, not chained: `then` of this realm's promises is within reach of hooks.
      const isClean = await runner.run({ ...order, hook, say, end: progress.end })
      if (!isClean || patches.isFoundAfter(order)) {
        post({ kind: "unclean" })
        return
      }
      progress.rest()
    }
    isWorking = false
    patches.lookLater()
  }

  port.on("message", (message: ToThread) => {
    switch (message.kind) {
      case "run":
        next = message
        if (!isWorking) void work()
        return
      case "told":
        runner.tell(message.run, message.event)
        return
      case "awaited":
        runner.hurry()
        return
      default:
        port.close()
        leave()
    }
  })
  post({ kind: "up", threadId })
  return served
}

interface LookOptions {
  isIdle(): boolean
  onFound(): void
}

/** Decides when to look for what runs have patched. */
function lookForPatches(runner: Pick<HookRunner, "isIntact">, { isIdle, onFound }: LookOptions) {
  let runsUnlooked = 0
  let isTimed = false

  function isFound(): boolean {
    runsUnlooked = 0
    return !runner.isIntact()
  }

  function lookWhenIdle(): void {
    isTimed = false
    if (runsUnlooked > 0 && isIdle() && isFound()) onFound()
  }

  return {
    /** Looks, unless other runs wait and it can be put off. */
    isFoundAfter({ othersWait }: Pick<RunOrder, "othersWait">): boolean {
      runsUnlooked += 1
      return !(othersWait && runsUnlooked < MAX_RUNS_UNLOOKED) && isFound()
    },
    /** Makes up for what was put off, should no run come soon. */
    lookLater(): void {
      if (runsUnlooked === 0 || isTimed) return
      isTimed = true
      setTimeout(lookWhenIdle, LOOK_WHEN_IDLE_MS)
    },
  }
}
