import { Script } from "node:vm"
import { isSettled } from "./parts.ts"

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
  /** Properties that are values; most accessors are counted only. */
  hasSameValues: Comparison
  symbols: symbol[]
  values: unknown[]
}

/** Whether the properties that it was made for hold `values`, in their order. */
type Comparison = (object: object, values: unknown[], symbols: symbol[]) => boolean

const { keys: listedKeys } = Object
const { get, ownKeys } = Reflect

/** Counting hidden keys takes three times as long as all the rest, so each call does it for a part of the objects. */
const TURNS = 16

export function watchIntegrity(objects: Iterable<object> = []): IntegrityWatch {
  const watched = new Set<object>()
  // An array: after user code, the methods of sets may be others.
  let all: Watched[] = []
  let turn = 0

  function add(more: Iterable<object>): void {
    const found = [...more].filter((object) => !watched.has(object))
    for (const object of found) watched.add(object)
    all = [...all, ...rememberAll(found)]
  }

  add(objects)
  return {
    add,
    addOpen(object) {
      all = [...all, ...rememberAll([object]).map((one) => ({ ...one, isOpen: true }))]
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
      const open = all.map(({ isOpen }) => isOpen)
      all = rememberAll(all.map(({ object }) => object)).map((one, index) => ({
        ...one,
        isOpen: open[index] === true,
      }))
    },
  }
}

/** All at once: making functions one by one takes most of the time. */
function rememberAll(objects: readonly object[]): Watched[] {
  const found = objects.map((object) => {
    const all = ownKeys(object)
    return { object, keyCount: all.length, keys: all.filter((key) => isSettled(object, key)) }
  })
  const comparisons = comparisonsOf(found.map(({ keys }) => keys))
  return found.map(({ object, keyCount, keys }, index) => ({
    object,
    isOpen: false,
    keyCount,
    listedKeyCount: listedKeys(object).length,
    hasSameValues: comparisons[index] ?? (() => true),
    symbols: keys.filter((key) => typeof key === "symbol"),
    values: keys.map((key) => get(object, key)),
  }))
}

const known = new Map<string, Comparison>()

/**
 * Functions that have the keys written out: the engine finds each property by where it is, in a fifth of the time that
 * a loop over keys takes. One is made for all objects of a kind.
 */
function comparisonsOf(kinds: readonly (readonly PropertyKey[])[]): (Comparison | undefined)[] {
  const texts = kinds.map(textOf)
  const missing = [...new Set(texts)].filter((text) => !known.has(text))
  const made = asComparisons(new Script(`[${missing.join(",\n")}]`).runInThisContext())
  for (const [index, text] of missing.entries()) known.set(text, made[index] ?? (() => true))
  return texts.map((text) => known.get(text))
}

function textOf(keys: readonly PropertyKey[]): string {
  let symbols = 0
  const tests = keys.map((key, index) => {
    const property = typeof key === "symbol" ? `s[${symbols++}]` : JSON.stringify(key)
    const [held, kept] = [`o[${property}]`, `v[${index}]`]
    // Not a number is not even the same as itself.
    return `(${held}===${kept}||${kept}!==${kept}&&${held}!==${held})`
  })
  return `(o,v,s)=>${tests.join("&&") || true}`
}

/** The script is a list of functions of that form. */
function asComparisons(value: unknown): Comparison[] {
  return value as Comparison[]
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
