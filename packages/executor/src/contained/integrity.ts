import { Script } from "node:vm"

/** Remembers what objects hold, to see later whether a hook has changed them. */
export interface IntegrityWatch {
  /** Of the same kind, but properties may be added: hooks keep things in their global object. */
  addOpen(object: object): void
  add(objects: Iterable<object>): void
  /**
   * False when a property was added, removed or replaced since it was watched. One that was added hidden (not
   * enumerable) is found within `TURNS` calls.
   */
  isIntact(): boolean
  /** From now on, things as they are now count as right. */
  accept(): void
}

interface Watched {
  object: object
  /** Properties may be added. */
  isOpen: boolean
  keyCount: number
  /** Without the hidden ones. */
  listedKeyCount: number
  /** Properties that are values; accessors are counted only: reading one may run code, or make Node load a module. */
  hasSameValues: Comparison
  symbols: symbol[]
  values: unknown[]
}

/** Whether the properties that it was made for hold `values`, in their order. */
type Comparison = (object: object, values: unknown[], symbols: symbol[]) => boolean

const { getOwnPropertyDescriptor, keys: listedKeys } = Object
const { get, ownKeys } = Reflect

/** Counting hidden keys takes three times as long as all the rest, so each call does it for a part of the objects. */
const TURNS = 16

export function watchIntegrity(objects: Iterable<object> = []): IntegrityWatch {
  const watched = new Map<object, Watched>()

  function add(more: Iterable<object>): void {
    for (const object of more) if (!watched.has(object)) watched.set(object, remember(object))
  }

  add(objects)
  // An array: after user code, the methods of maps may be others.
  let all = [...watched.values()]
  let turn = 0
  return {
    addOpen(object) {
      watched.set(object, { ...remember(object), isOpen: true })
      all = [...watched.values()]
    },
    add(more) {
      add(more)
      all = [...watched.values()]
    },
    isIntact() {
      turn = (turn + 1) % TURNS
      for (let index = 0; index < all.length; index += 1) {
        const one = all[index]
        if (!one) continue
        if (!isAsRemembered(one)) return false
        if (index % TURNS === turn && hasHiddenKeys(one)) return false
      }
      return true
    },
    accept() {
      all = all.map(({ object, isOpen }) => ({ ...remember(object), isOpen }))
    },
  }
}

/** The prototypes of classes among the values of a module, and the module itself. */
export function partsOf(module: unknown): object[] {
  const whole: object = Object(module)
  const parts = [whole]
  for (const key of ownKeys(whole)) {
    const value: unknown = getOwnPropertyDescriptor(whole, key)?.value
    if (typeof value !== "function") continue
    const prototype: unknown = getOwnPropertyDescriptor(value, "prototype")?.value
    if (typeof prototype === "object" && prototype !== null) parts.push(prototype)
  }
  return parts
}

/** The language's own objects in a realm, of which `global` is the global object. */
export function intrinsicsOf(global: object): object[] {
  const found = INTRINSICS.map((name) => get(global, name)).filter((one) => one !== undefined)
  return found.flatMap((one) => (typeof one === "function" ? [one, one.prototype] : [one])).filter(Boolean)
}

const INTRINSICS = [
  "Array",
  "ArrayBuffer",
  "BigInt",
  "Boolean",
  "Buffer",
  "Date",
  "Error",
  "EventTarget",
  "Function",
  "Intl",
  "Iterator",
  "JSON",
  "Map",
  "Math",
  "Number",
  "Object",
  "Promise",
  "Proxy",
  "Reflect",
  "RegExp",
  "Set",
  "String",
  "Symbol",
  "TypeError",
  "URL",
  "URLSearchParams",
  "Uint8Array",
  "WeakMap",
  "WeakSet",
]

function remember(object: object): Watched {
  const all = ownKeys(object)
  const keys = all.filter((key) => canChange(getOwnPropertyDescriptor(object, key)))
  return {
    object,
    isOpen: false,
    keyCount: all.length,
    listedKeyCount: listedKeys(object).length,
    hasSameValues: comparisonOf(keys),
    symbols: keys.filter((key) => typeof key === "symbol"),
    values: keys.map((key) => get(object, key)),
  }
}

function canChange(property: PropertyDescriptor | undefined): boolean {
  return property !== undefined && "value" in property && Boolean(property.writable || property.configurable)
}

const comparisons = new Map<string, Comparison>()

/**
 * A function that has the keys written out: the engine finds each property by where it is, in a fifth of the time
 * that a loop over keys takes (21 to 4 µs for the objects of two realms). One is made for all objects of a kind.
 */
function comparisonOf(keys: readonly PropertyKey[]): Comparison {
  let symbols = 0
  const tests = keys.map((key, index) => {
    const property = typeof key === "symbol" ? `s[${symbols++}]` : JSON.stringify(key)
    const [held, kept] = [`o[${property}]`, `v[${index}]`]
    // Not a number is not even the same as itself.
    return `(${held}===${kept}||${kept}!==${kept}&&${held}!==${held})`
  })
  const text = `(o,v,s)=>${tests.join("&&") || true}`
  const comparison = comparisons.get(text) ?? asComparison(new Script(text).runInThisContext())
  comparisons.set(text, comparison)
  return comparison
}

/** The script is one function of that form. */
function asComparison(value: unknown): Comparison {
  return value as Comparison
}

function hasHiddenKeys({ object, isOpen, keyCount }: Watched): boolean {
  return !isOpen && ownKeys(object).length !== keyCount
}

function isAsRemembered({
  object,
  isOpen,
  listedKeyCount,
  hasSameValues,
  values,
  symbols,
}: Watched): boolean {
  if (!isOpen && listedKeys(object).length !== listedKeyCount) return false
  return hasSameValues(object, values, symbols)
}
