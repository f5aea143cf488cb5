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
  keys: PropertyKey[]
  values: unknown[]
}

const { getOwnPropertyDescriptor, is, keys: listedKeys } = Object
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
  const keys = all.filter((key) => {
    const descriptor = getOwnPropertyDescriptor(object, key)
    return descriptor !== undefined && "value" in descriptor
  })
  return {
    object,
    isOpen: false,
    keyCount: all.length,
    listedKeyCount: listedKeys(object).length,
    keys,
    values: keys.map((key) => get(object, key)),
  }
}

function hasHiddenKeys({ object, isOpen, keyCount }: Watched): boolean {
  return !isOpen && ownKeys(object).length !== keyCount
}

function isAsRemembered({ object, isOpen, listedKeyCount, keys, values }: Watched): boolean {
  if (!isOpen && listedKeys(object).length !== listedKeyCount) return false
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index]
    if (key !== undefined && !is(get(object, key), values[index])) return false
  }
  return true
}
