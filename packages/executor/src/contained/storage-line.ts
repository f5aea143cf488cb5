import type { MessagePort } from "node:worker_threads"
import type { StorageAnswer, StorageEvent, StorageOrder, StorageRequest } from "./storage-protocol.ts"

/** A thread's way to the document of its hook, open while a run is under way. */
export interface StorageLine {
  /** `done` is called once, and never before this returns; not at all when the run ends first. */
  ask(order: StorageOrder, done: (answer: StorageAnswer) => void): void
  open(port: MessagePort): void
  close(): void
}

const RUN_IS_OVER: StorageAnswer = {
  status: "refused",
  code: 410,
  message: "The run of this storage is over",
}

export function createStorageLine(): StorageLine {
  const waiting = new Map<number, (answer: StorageAnswer) => void>()
  let port: MessagePort | undefined
  let isListening = false
  let lastCall = 0

  function listen(at: MessagePort): void {
    if (isListening) return
    isListening = true
    at.on("message", (event: StorageEvent) => {
      if (event.kind === "storage_answer") settle(event)
    })
    at.unref()
  }

  function settle({ call, answer }: StorageEvent): void {
    const done = waiting.get(call)
    waiting.delete(call)
    done?.(answer)
  }

  return {
    ask(order, done) {
      if (!port) {
        queueMicrotask(() => done(RUN_IS_OVER))
        return
      }
      listen(port)
      lastCall += 1
      waiting.set(lastCall, done)
      const request: StorageRequest = { kind: "storage_order", call: lastCall, order }
      port.postMessage(request)
    },
    open(next) {
      port = next
      isListening = false
    },
    close() {
      port = undefined
      waiting.clear()
    },
  }
}
