import { setPriority } from "node:os"
import { threadId } from "node:worker_threads"
import type { HookRunner } from "./hook-runner.ts"
import { openProgress } from "./progress.ts"
import type { RunMessage, RunOrder, ServeTask, ThreadMessage, ToThread } from "./thread-protocol.ts"

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
      if (!isClean) {
        post({ kind: "unclean" })
        return
      }
      progress.rest()
    }
    isWorking = false
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
