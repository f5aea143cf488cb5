/** A document as JSON text in UTF-8. Webtask's own bound. */
export const MAX_STORAGE_BYTES = 500 * 1024

/**
 * What a hook asks of its storage, and what it gets. It travels over the port of the run to the executor's main
 * thread, and from there to the worker, which alone can reach the document. `json` is the document as text; a `set`
 * without it removes it.
 */
export type StorageOrder = { op: "get" } | { op: "set"; json?: string | undefined; isForced: boolean }

export type StorageAnswer =
  | { status: "done"; json?: string | undefined }
  /** Another run wrote since this one read; `json` is what it wrote. */
  | { status: "conflict"; json?: string | undefined }
  | { status: "refused"; code: number; message: string }

/** `call` numbers the orders of a run. */
export interface StorageRequest {
  kind: "storage_order"
  call: number
  order: StorageOrder
}

export interface StorageEvent {
  kind: "storage_answer"
  call: number
  answer: StorageAnswer
}
