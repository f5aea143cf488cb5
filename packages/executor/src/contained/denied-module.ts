const { getBuiltinModule } = process

/**
 * What modules have that packages copy when they are loaded (`import * as fs`, as TypeScript writes it for `require`),
 * remembered before lockdown empties them. No module is loaded for it that lockdown would not load.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ["fs", "fs/promises", "child_process", "dgram", "v8", "vm", "worker_threads"].map((name) => [
    name,
    Object.keys(Object(getBuiltinModule(name))),
  ]),
)

/**
 * A module, function or class that exists but refuses to act, whatever path of properties leads to it.
 * @param own what it has all the same
 */
export function deny(path: string, own: object = {}): unknown {
  const names = NAMES[path] ?? []
  const refuse = () => {
    const message = `${path} is not available to hooks`
    const refusal = Object.assign(new Error(message), { code: "ERR_HOOK_DENIED" })
    // Packages look for files that need not be there, and catch only what such a function can do: reject.
    if (/\bpromises\./.test(path)) return Promise.reject(refusal)
    throw refusal
  }
  const isListed = (key: PropertyKey): key is string => typeof key === "string" && names.includes(key)
  return new Proxy(
    Object.assign(function denied() {}, own),
    {
      get(target, key) {
        if (key === "then" || key === "__esModule") return undefined
        if (typeof key === "symbol" || key in target) return Reflect.get(target, key)
        return deny(`${path}.${key}`)
      },
      has: (target, key) => key in target || isListed(key),
      ownKeys: (target) => [...new Set([...Reflect.ownKeys(target), ...names])],
      getOwnPropertyDescriptor(target, key) {
        if (Object.hasOwn(target, key) || !isListed(key)) return Reflect.getOwnPropertyDescriptor(target, key)
        return { value: deny(`${path}.${key}`), writable: true, enumerable: true, configurable: true }
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
