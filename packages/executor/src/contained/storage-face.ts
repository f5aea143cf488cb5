import type { StorageAnswer, StorageOrder } from "./storage-protocol.ts"

type AskStorage = (order: StorageOrder, done: (answer: StorageAnswer) => void) => void
type StorageCallback = (error: unknown, data?: unknown) => unknown

/** `context.webtask.storage`, as hooks know it. */
export interface StorageFace {
  /** `([options], callback(error, data))` */
  get(...args: unknown[]): void
  /** `(data, [options], [callback(error)])`; nothing as data removes the document. */
  set(data: unknown, ...args: unknown[]): void
}

/**
 * To be called before the hook's code runs, like the prelude. It gives what makes a run's storage: one JSON document that outlives the run, with the conflicts of the original. A
 * `set` without `force` fails when another run wrote after this one read; the error holds what it wrote.
 */
export function storageFace(): (ask: AskStorage) => StorageFace {
  const { parse, stringify } = JSON
  const { assign } = Object

  return (ask) => {
    let wasRead = false
    return {
      get(...args) {
        const { callback } = named(args)
        if (!callback) throw new TypeError("storage.get needs a function to call back")
        wasRead = true
        ask({ op: "get" }, (answer) => {
          const error = errorOf(answer)
          if (error) callback(error)
          else callback(null, documentOf(answer))
        })
      },
      set(data, ...args) {
        const { options, callback } = named(args)
        const isRemoval = data === undefined || data === null
        const isForced = isRemoval || Boolean(options.force)
        if (!wasRead && !isForced)
          throw new Error("storage.set needs a storage.get before it, or the option force")
        const json: string | undefined = isRemoval ? undefined : stringify(data)
        if (json === undefined && !isRemoval) throw new TypeError("storage.set needs data that can be JSON")
        ask({ op: "set", json, isForced }, (answer) => callback?.(errorOf(answer)))
      },
    }
  }

  function named(args: unknown[]): { options: { force?: unknown }; callback: StorageCallback | undefined } {
    const [options, callback] = typeof args[0] === "function" ? [{}, args[0]] : [args[0] ?? {}, args[1]]
    if (callback !== undefined && typeof callback !== "function")
      throw new TypeError("The callback is not a function")
    if (typeof options !== "object") throw new TypeError("The options are not an object")
    return { options: options as { force?: unknown }, callback: callback as StorageCallback | undefined }
  }

  function errorOf(answer: StorageAnswer): Error | null {
    switch (answer.status) {
      case "done":
        return null
      case "conflict":
        return assign(new Error("The data was changed by another run since it was read"), {
          code: 409,
          conflict: documentOf(answer),
        })
      default:
        return assign(new Error(answer.message), { code: answer.code })
    }
  }

  function documentOf(answer: StorageAnswer): unknown {
    return "json" in answer && answer.json !== undefined ? parse(answer.json) : undefined
  }
}
