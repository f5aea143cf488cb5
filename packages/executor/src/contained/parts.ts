import { types } from "node:util"

const { getOwnPropertyDescriptor, getPrototypeOf } = Object
const { get, ownKeys } = Reflect

/** Accessors that only give what they were set to; others may run code, or make Node load a module. */
const SETTINGS: ReadonlySet<PropertyKey> = new Set([
  "captureRejections",
  "defaultMaxListeners",
  "defaultOptions",
  "globalAgent",
])

/** What changes in objects of Node's while they are used. */
const LIVE: ReadonlySet<PropertyKey> = new Set([
  "_sessionCache",
  "freeSockets",
  "requests",
  "sockets",
  "totalSocketCount",
])

/** What a function has by itself. */
const OF_FUNCTIONS: ReadonlySet<PropertyKey> = new Set(["arguments", "caller", "length", "name", "prototype"])

/** Everything that a hook could patch, as far as values and prototypes lead from `roots`. */
export function partsOf(roots: Iterable<unknown>): Set<object> {
  const parts = new Set<object>()
  const seen = new Set<unknown>()
  const queue: unknown[] = [...roots]
  while (queue.length > 0) {
    const one = queue.pop()
    if (seen.has(one) || !isObject(one)) continue
    seen.add(one)
    if (!isPlainFunction(one)) parts.add(one)
    else if (isBare(one)) continue
    for (const key of ownKeys(one)) if (!LIVE.has(key)) queue.push(settledValue(one, key))
    queue.push(getPrototypeOf(one))
  }
  return parts
}

/** Whether a property of an object is to stay what it is. */
export function isSettled(object: object, key: PropertyKey): boolean {
  if (LIVE.has(key)) return false
  const property = getOwnPropertyDescriptor(object, key)
  if (!property) return false
  return "value" in property ? Boolean(property.writable || property.configurable) : isSetting(key, property)
}

function settledValue(object: object, key: PropertyKey): unknown {
  const property = getOwnPropertyDescriptor(object, key)
  return property && !("value" in property) && isSetting(key, property) ? get(object, key) : property?.value
}

function isSetting(key: PropertyKey, { get: read, set }: PropertyDescriptor): boolean {
  return SETTINGS.has(key) && read !== undefined && set !== undefined
}

function isObject(value: unknown): value is object {
  if (typeof value !== "object" && typeof value !== "function") return false
  if (value === null || value === globalThis || types.isProxy(value)) return false
  return !ArrayBuffer.isView(value)
}

/** It has nothing that could be patched: at most, a prototype that has. */
function isPlainFunction(value: object): boolean {
  return typeof value === "function" && ownKeys(value).every((key) => OF_FUNCTIONS.has(key))
}

/** An ordinary function has a prototype whose only property is the way back. */
function isBare(value: object): boolean {
  const prototype: unknown = getOwnPropertyDescriptor(value, "prototype")?.value
  if (prototype === undefined) return true
  return ownKeys(Object(prototype)).length <= 1 && getPrototypeOf(prototype) === Object.prototype
}
