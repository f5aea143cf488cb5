import { MEMBERS } from "./members.ts"
import { refusal, refuseCall } from "./refusal.ts"

/**
 * A module whose members exist, for packages that look for them or copy them when they are loaded, and refuse to act,
 * whatever path of properties leads to them. What Node's module does not have is not there.
 * @param own what it has all the same
 */
export function denyModule(name: string, own: object = {}): object {
  const names = MEMBERS[name] ?? []
  const isListed = (key: PropertyKey): key is string => typeof key === "string" && names.includes(key)
  const members = new Map<string, unknown>()
  const member = (key: string) => {
    if (!members.has(key)) members.set(key, deny(`${name}.${key}`))
    return members.get(key)
  }
  return new Proxy(Object.assign({}, own), {
    get(target, key) {
      if (key in target || !isListed(key)) return Reflect.get(target, key)
      return member(key)
    },
    has: (target, key) => key in target || isListed(key),
    ownKeys: (target) => [...new Set([...Reflect.ownKeys(target), ...names])],
    getOwnPropertyDescriptor(target, key) {
      if (Object.hasOwn(target, key) || !isListed(key)) return Reflect.getOwnPropertyDescriptor(target, key)
      return { value: member(key), writable: true, enumerable: true, configurable: true }
    },
  })
}

/** A function or class that exists and refuses to act. One that is given a callback calls it back; promises reject. */
export function deny(path: string, advice?: string): unknown {
  const fail = () => refusal(path, advice)
  return new Proxy(function denied() {}, {
    get(target, key) {
      if (key === "then" || key === "__esModule") return undefined
      if (typeof key === "symbol" || key in target) return Reflect.get(target, key)
      return deny(`${path}.${key}`)
    },
    apply(_target, _self, args) {
      // Packages look for files that need not be there, and catch only what such a function can do: reject.
      if (/\bpromises\./.test(path)) return Promise.reject(fail())
      return refuseCall(fail, args)
    },
    construct() {
      throw fail()
    },
  })
}
