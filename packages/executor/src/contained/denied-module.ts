/**
 * A module, function or class that exists but refuses to act, whatever path of properties leads to it.
 * @param own what it has all the same
 */
export function deny(path: string, own: object = {}): unknown {
  const refuse = () => {
    const message = `${path} is not available to hooks`
    const refusal = Object.assign(new Error(message), { code: "ERR_HOOK_DENIED" })
    // Packages look for files that need not be there, and catch only what such a function can do: reject.
    if (/\bpromises\./.test(path)) return Promise.reject(refusal)
    throw refusal
  }
  return new Proxy(
    Object.assign(function denied() {}, own),
    {
      get(target, key) {
        if (key === "then" || key === "__esModule") return undefined
        if (typeof key === "symbol" || key in target) return Reflect.get(target, key)
        return deny(`${path}.${key}`)
      },
      apply: refuse,
      construct: refuse,
    },
  )
}

/** What packages ask of `worker_threads` when they are loaded. */
export function aloneInItsProcess(): object {
  return {
    isMainThread: true,
    parentPort: null,
    threadId: 0,
    workerData: null,
    markAsUncloneable: () => {},
    markAsUntransferable: () => {},
  }
}
