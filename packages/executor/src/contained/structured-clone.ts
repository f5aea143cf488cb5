import { types } from "node:util"

interface CloneOptions {
  transfer?: unknown
}

type Seen = Map<object, unknown>

/** Taken now: a hook may replace them later. */
const { Buffer, DOMException, Blob, EventTarget, URL, URLSearchParams } = globalThis
const HOST_CLASSES = [Blob, EventTarget, URL, URLSearchParams]
const ERROR_CLASSES = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

/**
 * The `structuredClone` of hooks, in the language itself. Node's own asks objects for hidden methods of theirs and
 * makes any internal class that they name, which is a way out of the thread. Things of Node's are refused, and only
 * an `ArrayBuffer` can be transferred.
 */
export function structuredClone(value: unknown, options: CloneOptions = {}): unknown {
  const moved = transferOf(options)
  const seen: Seen = new Map()
  const cloned = clone(value, seen)
  for (const buffer of moved) buffer.transfer()
  return cloned
}

function transferOf({ transfer }: CloneOptions): ArrayBuffer[] {
  if (transfer === undefined) return []
  const list: unknown[] = Array.from(Object(transfer))
  return list.map((one) => {
    if (!types.isArrayBuffer(one)) throw cannotClone("Value not transferable")
    return one
  })
}

function clone(value: unknown, seen: Seen): unknown {
  if (typeof value === "symbol" || typeof value === "function") {
    throw cannotClone(`${String(value)} could not be cloned.`)
  }
  if (typeof value !== "object" || value === null) return value
  if (seen.has(value)) return seen.get(value)
  const remember = <Copy>(copy: Copy): Copy => {
    seen.set(value, copy)
    return copy
  }
  if (isRefused(value)) throw cannotClone(`#<${nameOf(value)}> could not be cloned.`)
  const leaf = cloneLeaf(value, seen)
  if (leaf !== undefined) return remember(leaf)
  if (types.isMap(value)) {
    const copy = remember(new Map())
    for (const [key, one] of [...value]) copy.set(clone(key, seen), clone(one, seen))
    return copy
  }
  if (types.isSet(value)) {
    const copy = remember(new Set())
    for (const one of [...value]) copy.add(clone(one, seen))
    return copy
  }
  if (types.isNativeError(value)) return cloneError(value, remember, seen)
  return cloneProperties(value, remember(emptyLike(value)), seen)
}

/** What holds no other values that could lead back to it; undefined for the rest. */
function cloneLeaf(value: object, seen: Seen): object | undefined {
  if (types.isDate(value)) return new Date(value.getTime())
  if (types.isRegExp(value)) return new RegExp(value.source, value.flags)
  if (types.isBoxedPrimitive(value)) return Object(value.valueOf())
  if (types.isArrayBuffer(value)) return value.slice(0)
  if (ArrayBuffer.isView(value)) return cloneView(value, seen)
  return undefined
}

function cloneView(view: ArrayBufferView, seen: Seen): object {
  const buffer = clone(view.buffer, seen)
  if (!types.isArrayBuffer(buffer)) throw cannotClone("Shared memory could not be cloned.")
  if (types.isDataView(view)) return new DataView(buffer, view.byteOffset, view.byteLength)
  const length: unknown = Reflect.get(view, "length")
  return Reflect.construct(viewClassOf(view), [buffer, view.byteOffset, length])
}

/** A Buffer becomes a `Uint8Array`, as in Node. */
function viewClassOf(view: ArrayBufferView): Parameters<typeof Reflect.construct>[0] {
  const found: unknown = view instanceof Buffer ? Uint8Array : Reflect.get(globalThis, tagOf(view))
  return typeof found === "function" ? found : Uint8Array
}

function tagOf(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view).slice(8, -1)
}

function cloneError(error: Error, remember: <Copy>(copy: Copy) => Copy, seen: Seen): Error {
  const name = Object.keys(ERROR_CLASSES).find((one) => one === error.name)
  const Class: ErrorConstructor = (name && Reflect.get(ERROR_CLASSES, name)) || Error
  const copy = remember(new Class(error.message))
  const define = (key: string, value: unknown) =>
    Object.defineProperty(copy, key, { value, writable: true, configurable: true })
  define("stack", typeof error.stack === "string" ? error.stack : undefined)
  if (Object.hasOwn(error, "cause")) define("cause", clone(error.cause, seen))
  return copy
}

function emptyLike(value: object): object {
  return Array.isArray(value) ? new Array(value.length) : {}
}

function cloneProperties(value: object, copy: object, seen: Seen): object {
  for (const key of Object.keys(value)) {
    const property = clone(Reflect.get(value, key), seen)
    Object.defineProperty(copy, key, {
      value: property,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return copy
}

function isRefused(value: object): boolean {
  if (types.isProxy(value) || types.isPromise(value) || types.isExternal(value)) return true
  if (types.isWeakMap(value) || types.isWeakSet(value) || types.isGeneratorObject(value)) return true
  return HOST_CLASSES.some((one) => value instanceof one)
}

function nameOf(value: object): string {
  if (types.isProxy(value)) return "Object"
  const Class: unknown = Reflect.get(value, "constructor")
  return typeof Class === "function" ? Class.name : "Object"
}

function cannotClone(message: string): DOMException {
  return new DOMException(message, "DataCloneError")
}
