import { MAX_STORAGE_BYTES, type StorageAnswer, type StorageOrder } from "./contained/storage-protocol.ts"

/** The documents that hooks keep between their runs. */
export interface HookStorage {
  /** The document as JSON text, if there is one, and which version it is. */
  read(hookId: string): Promise<StoredDocument>
  /** Writes it, or removes it without `json`; unless another write came after `onlyAfter`, which is returned then. */
  write(hookId: string, write: StorageWrite): Promise<{ version: number } | { conflict: StoredDocument }>
}

export interface StoredDocument {
  json?: string | undefined
  version: number
}

export interface StorageWrite {
  json: string | undefined
  onlyAfter: number | undefined
}

/** What one run does with its hook's document: one order after the other, in the order in which they came. */
export interface RunStorage {
  /** Always resolves. What the storage fails with is for its owner to log; the hook is told that it failed. */
  take(order: StorageOrder): Promise<StorageAnswer>
}

const MAX_ORDERS = 100
/** Each holds up to a whole document in the worker's memory. */
const MAX_WAITING = 4

export function openRunStorage(storage: HookStorage | undefined, hookId: string): RunStorage {
  let last: Promise<unknown> = Promise.resolve()
  let orders = 0
  let waiting = 0
  /** The version that the hook knows: what it read, wrote, or was told of in a conflict. */
  let known: number | undefined

  async function perform(order: StorageOrder): Promise<StorageAnswer> {
    if (!storage) return refused(503, "There is no storage here")
    if (order.op === "get") {
      const { json, version } = await storage.read(hookId)
      known = version
      return { status: "done", json }
    }
    return set(storage, order)
  }

  async function set(storage: HookStorage, order: StorageOrder & { op: "set" }): Promise<StorageAnswer> {
    const { json, isForced } = order
    if (json !== undefined && Buffer.byteLength(json) > MAX_STORAGE_BYTES)
      return refused(413, `The data has more than ${MAX_STORAGE_BYTES} bytes as JSON`)
    if (!isForced && known === undefined) return refused(409, "The data was not read before it was set")
    const written = await storage.write(hookId, { json, onlyAfter: isForced ? undefined : known })
    if ("version" in written) {
      known = written.version
      return { status: "done" }
    }
    known = written.conflict.version
    return { status: "conflict", json: written.conflict.json }
  }

  return {
    take(order) {
      orders += 1
      if (orders > MAX_ORDERS) return tooMany(`A run may use its storage ${MAX_ORDERS} times`)
      if (waiting >= MAX_WAITING) return tooMany(`${MAX_WAITING} uses of the storage may wait at once`)
      waiting += 1
      const answer = last
        .then(() => perform(order))
        .catch(() => refused(503, "The storage cannot be reached"))
        .finally(() => {
          waiting -= 1
        })
      last = answer
      return answer
    },
  }
}

function tooMany(message: string): Promise<StorageAnswer> {
  return Promise.resolve(refused(429, message))
}

function refused(code: number, message: string): StorageAnswer {
  return { status: "refused", code, message }
}
