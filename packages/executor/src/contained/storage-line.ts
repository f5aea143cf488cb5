import {
  MAX_STORAGE_BYTES,
  type StorageAnswer,
  type StorageEvent,
  type StorageOrder,
  type StorageRequest,
} from "./storage-protocol.ts"

/** A run's way to the document of its hook, from its thread. */
export interface StorageLine {
  /** `done` is called later, once; not at all when the run ends first. */
  ask(order: StorageOrder, done: (answer: StorageAnswer) => void): void
  take(event: StorageEvent): void
  /** What is asked from now on, by whoever kept the run's storage, is refused. */
  close(): void
  /** Calls that were not answered yet. */
  left(): number
}

/** Node's own; a hook may put others in their place. */
const { Buffer, queueMicrotask } = globalThis

const RUN_IS_OVER: StorageAnswer = {
  status: "refused",
  code: 410,
  message: "The run of this storage is over",
}
const TOO_LARGE: StorageAnswer = {
  status: "refused",
  code: 413,
  message: `The data has more than ${MAX_STORAGE_BYTES} bytes as JSON`,
}

export function openStorageLine(send: (request: StorageRequest) => void): StorageLine {
  const waiting: ((answer: StorageAnswer) => void)[] = []
  let isOpen = true
  let answered = 0

  return {
    ask(order, done) {
      const refusal = isOpen ? refusalOf(order) : RUN_IS_OVER
      if (refusal) {
        queueMicrotask(() => done(refusal))
        return
      }
      send({ kind: "storage_order", call: waiting.push(done) - 1, order })
    },
    take({ call, answer }) {
      if (!isOpen) return
      answered += 1
      waiting[call]?.(answer)
    },
    close() {
      isOpen = false
    },
    left: () => waiting.length - answered,
  }
}

/** The worker would take a larger one for an attack. */
function refusalOf(order: StorageOrder): StorageAnswer | undefined {
  const isTooLarge = order.op === "set" && Buffer.byteLength(order.json ?? "") > MAX_STORAGE_BYTES
  return isTooLarge ? TOO_LARGE : undefined
}
