import { Script } from "node:vm"
import { LIVE, SETTINGS } from "./parts.ts"
import { copiesOf } from "./rarely-run.ts"

/** Remembers what objects hold, to see later whether a hook has changed them. */
export interface IntegrityWatch {
  /** Of the same kind, but properties may be added: hooks keep things in their global object. */
  addOpen(object: object): void
  add(objects: Iterable<object>): void
  /**
   * False when a property was added, removed or replaced since it was watched. One that was added hidden (not
   * enumerable), and another prototype, are found within `TURNS` calls.
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
  prototype: unknown
  /** Without the hidden ones. */
  listedKeyCount: number
  /** Properties that are values; most accessors are counted only. */
  keys: PropertyKey[]
  symbols: symbol[]
  values: unknown[]
  /** Made when they are first compared: most executors wait for long, or for ever. */
  hasSameValues: Comparison | undefined
}

/** Whether the properties that it was made for hold `values`, in their order. */
type Comparison = (object: object, values: unknown[], symbols: symbol[]) => boolean

/** Taken before there is user code: comparisons are made after it, too. */
const { create, is, keys: listedKeys } = Object
const { get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
const { stringify } = JSON

/** Looking for what is hidden takes three times as long as all the rest, so each call does it for a part of the objects. */
const TURNS = 16

export function watchIntegrity(objects: Iterable<object> = []): IntegrityWatch {
  const watched = new Set<object>()
  // An array: after user code, the methods of sets may be others.
  let all: Watched[] = []
  let hasNew = false
  let turn = 0

  function add(more: Iterable<object>): void {
    const found = [...more].filter((object) => !watched.has(object))
    for (const object of found) watched.add(object)
    all = [...all, ...rememberAll(found)]
    hasNew = true
  }

  add(objects)
  return {
    add,
    addOpen(object) {
      all = [...all, ...rememberAll([object]).map((one) => ({ ...one, isOpen: true }))]
      hasNew = true
    },
    isIntact() {
      if (hasNew) makeComparisons(all)
      hasNew = false
      turn = (turn + 1) % TURNS
      for (let index = 0; index < all.length; index += 1) {
        const one = all[index]
        if (!one) continue
        if (!isAsRemembered(one)) return false
        if (index % TURNS === turn && isHiddenlyChanged(one)) return false
      }
      return true
    },
    accept() {
      const changed: Watched[] = []
      for (let from = 0; from < all.length; from += AT_ONCE) {
        changed.push(...copyOfChangedOf()(all.slice(from, from + AT_ONCE), TOOLS))
      }
      for (const one of changed) Object.assign(one, rememberAll([one.object])[0], { isOpen: one.isOpen })
      hasNew = true
    },
  }
}

const TOOLS = { get, getOwnPropertyDescriptor, getPrototypeOf, is, listedKeys, ownKeys, LIVE, SETTINGS }
const AT_ONCE = 8
const copyOfRemember = copiesOf(remember)
const copyOfChangedOf = copiesOf(changedOf)

function rememberAll(objects: readonly object[]): Watched[] {
  const found: Watched[] = []
  for (let from = 0; from < objects.length; from += AT_ONCE) {
    found.push(...copyOfRemember()(objects.slice(from, from + AT_ONCE), TOOLS))
  }
  return found
}

function remember(objects: readonly object[], tools: typeof TOOLS): Watched[] {
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, get, listedKeys, LIVE, SETTINGS } = tools
  /** Whether a property is to stay what it is. Reading the length of a function compiles it. */
  const isSettled = (object: object, key: PropertyKey) => {
    if (LIVE.has(key) || (key === "length" && typeof object === "function")) return false
    const property = getOwnPropertyDescriptor(object, key)
    if (!property) return false
    if ("value" in property) return Boolean(property.writable || property.configurable)
    return SETTINGS.has(key) && property.get !== undefined && property.set !== undefined
  }
  return objects.map((object) => {
    const all = ownKeys(object)
    const keys = all.filter((key) => isSettled(object, key))
    return {
      object,
      isOpen: false,
      keyCount: all.length,
      prototype: getPrototypeOf(object),
      listedKeyCount: listedKeys(object).length,
      keys,
      symbols: keys.filter((key) => typeof key === "symbol"),
      values: keys.map((key) => get(object, key)),
      hasSameValues: undefined,
    }
  })
}

function changedOf(all: readonly Watched[], { ownKeys, listedKeys, get, is }: typeof TOOLS): Watched[] {
  return all.filter(({ object, keyCount, listedKeyCount, keys, values }) => {
    if (ownKeys(object).length !== keyCount || listedKeys(object).length !== listedKeyCount) return true
    return keys.some((key, index) => !is(get(object, key), values[index]))
  })
}

/** By their text. */
const known: Record<string, Comparison> = create(null)

/**
 * Functions that have the keys written out: the engine finds each property by where it is, in a fifth of the time that
 * a loop over keys takes. One is made for all objects of a kind, and all at once: making them one by one takes most of
 * the time.
 */
function makeComparisons(all: readonly Watched[]): void {
  const missing: Record<string, true> = create(null)
  for (let index = 0; index < all.length; index += 1) {
    const one = all[index]
    if (!one || one.hasSameValues) continue
    const text = textOf(one.keys)
    one.hasSameValues = known[text]
    if (!one.hasSameValues) missing[text] = true
  }
  const texts = listedKeys(missing)
  if (texts.length === 0) return
  let list = ""
  for (let index = 0; index < texts.length; index += 1) list += `${texts[index]},\n`
  const made = asComparisons(new Script(`[${list}]`).runInThisContext())
  for (let index = 0; index < texts.length; index += 1) {
    const comparison = made[index]
    if (comparison) known[`${texts[index]}`] = comparison
  }
  makeComparisons(all)
}

function textOf(keys: readonly PropertyKey[]): string {
  let symbols = 0
  let tests = "true"
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index]
    const property = typeof key === "symbol" ? `s[${symbols++}]` : stringify(key)
    const [held, kept] = [`o[${property}]`, `v[${index}]`]
    // Not a number is not even the same as itself.
    tests += `&&(${held}===${kept}||${kept}!==${kept}&&${held}!==${held})`
  }
  return `(o,v,s)=>${tests}`
}

/** The script is a list of functions of that form. */
function asComparisons(value: unknown): Comparison[] {
  return value as Comparison[]
}

function isHiddenlyChanged({ object, isOpen, keyCount, prototype }: Watched): boolean {
  return !isOpen && (ownKeys(object).length !== keyCount || getPrototypeOf(object) !== prototype)
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
  return !hasSameValues || hasSameValues(object, values, symbols)
}
