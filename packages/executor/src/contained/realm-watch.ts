import { type IntegrityWatch, watchIntegrity } from "./integrity.ts"
import { partsOf } from "./parts.ts"
import { pinAccessors } from "./pin-accessors.ts"
import { SCOPE_PARTS } from "./run-scope.ts"

/** Sees whether a run has patched what the next one would find. */
export interface RealmWatch {
  /** From now on things count as right as they are. */
  begin(): void
  /** Watches what a hook gets only now. */
  lend(roots: unknown[]): void
  /** To be called when the hook is loaded: what its load patched is its own state. */
  accept(): void
  /** Sees a patch of what is common, or lent, at once, and one of something rare within `TURNS` calls. */
  isIntact(): boolean
  /** Also nothing was put into the global object since `begin`. */
  isUntouched(): boolean
}

const { setTimeout, setImmediate, clearTimeout, clearImmediate } = globalThis
const { ownKeys } = Reflect

/** What hooks patch most: it is looked at after every run. */
const COMMON = [
  "AbortController",
  "AbortSignal",
  "Array",
  "ArrayBuffer",
  "BigInt",
  "Blob",
  "Boolean",
  "Buffer",
  "Date",
  "Error",
  "Event",
  "EventTarget",
  "Function",
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
  "TextDecoder",
  "TextEncoder",
  "TypeError",
  "URL",
  "URLSearchParams",
  "Uint8Array",
  "WeakMap",
  "WeakSet",
]
/** A part of the rest is looked at after each run, and all of it after so many. */
const TURNS = 8

/** @param own what is ours and hooks get: their console, and modules that look like Node's */
export function createRealmWatch(own: unknown[]): RealmWatch {
  let common: IntegrityWatch = watchIntegrity()
  let inTurn: IntegrityWatch[] = []
  let turn = 0
  let globals = 0

  function begin(): void {
    const always = partsOf([...COMMON.map((name) => heldBy(globalThis, name)), ...own, ...SCOPE_PARTS])
    common = watchIntegrity(always)
    common.addOpen(globalThis)
    const rest = partsOf([...valuesOf(globalThis), ...hiddenPrototypes()])
    const parts = [...rest].filter((part) => !always.has(part))
    pinAccessors(always)
    pinAccessors(parts)
    inTurn = Array.from({ length: TURNS }, (_, part) =>
      watchIntegrity(parts.filter((_, index) => index % TURNS === part)),
    )
    globals = ownKeys(globalThis).length
  }

  function isIntact(): boolean {
    turn = (turn + 1) % TURNS
    return common.isIntact() && inTurn[turn]?.isIntact() !== false
  }

  return {
    begin,
    lend(roots) {
      const parts = partsOf([...roots, ...roots.flatMap(iteratorsOf)])
      pinAccessors(parts)
      common.add(parts)
    },
    accept() {
      common.accept()
      for (const watch of inTurn) watch.accept()
    },
    isIntact,
    isUntouched: () =>
      ownKeys(globalThis).length === globals && common.isIntact() && inTurn.every((one) => one.isIntact()),
  }
}

/** Without what has to be loaded first: that is watched when it is lent. */
function valuesOf(global: object): unknown[] {
  return ownKeys(global)
    .filter((key) => key !== "process")
    .map((key) => heldBy(global, key))
}

function heldBy(global: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(global, key)?.value
}

/** What no name leads to, only a value of its kind. */
function hiddenPrototypes(): unknown[] {
  const values = [
    function* () {},
    async () => {},
    async function* () {},
    [].values(),
    new Map().entries(),
    new Set().values(),
    "".matchAll(/a/g),
    ""[Symbol.iterator](),
    Iterator.from({ next: () => ({ done: true, value: undefined }) }),
    [].values().take(0),
    new Intl.Segmenter().segment(""),
    new Intl.Segmenter().segment("")[Symbol.iterator](),
    new URLSearchParams().entries(),
    new ReadableStream().values(),
    ...handles(),
  ]
  return values.map((value) => Object.getPrototypeOf(value))
}

/** Of a class such as `Headers`: no name leads to the prototype of its iterators. */
function iteratorsOf(one: unknown): object[] {
  const prototype: unknown = typeof one === "function" ? one.prototype : undefined
  if (typeof Reflect.get(Object(prototype), "entries") !== "function") return []
  try {
    return [Object.getPrototypeOf(Object(Reflect.construct(Object(one), [])).entries())]
  } catch {
    return []
  }
}

function handles(): object[] {
  const timer = setTimeout(() => {}, 0)
  const immediate = setImmediate(() => {})
  clearTimeout(timer)
  clearImmediate(immediate)
  return [timer, immediate]
}
