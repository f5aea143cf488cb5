import { type IntegrityWatch, watchIntegrity } from "./integrity.ts"
import { partsOf } from "./parts.ts"
import { SCOPE_PARTS } from "./run-scope.ts"

/** Sees whether a run has patched what the next one would find. */
export interface RealmWatch {
  /** From now on things count as right as they are. */
  begin(): void
  /** Watches what a hook gets only now. */
  lend(roots: unknown[]): void
  /** To be called when the hook is loaded: what its load patched is its own state. */
  accept(): void
  isIntact(): boolean
  /** Also nothing was put into the global object since `begin`. */
  isUntouched(): boolean
}

const { setTimeout, setImmediate, clearTimeout, clearImmediate } = globalThis
const { ownKeys } = Reflect

/** @param own what is ours and hooks get: their console, and modules that look like Node's */
export function createRealmWatch(own: unknown[]): RealmWatch {
  let watch: IntegrityWatch = watchIntegrity()
  let globals = 0
  return {
    begin() {
      watch = watchIntegrity(
        partsOf([...valuesOf(globalThis), ...hiddenPrototypes(), ...own, ...SCOPE_PARTS]),
      )
      watch.addOpen(globalThis)
      globals = ownKeys(globalThis).length
    },
    lend: (roots) => watch.add(partsOf(roots)),
    accept: () => watch.accept(),
    isIntact: () => watch.isIntact(),
    isUntouched: () => ownKeys(globalThis).length === globals && watch.isIntact(),
  }
}

/** Without what has to be loaded first: that is watched when it is lent. */
function valuesOf(global: object): unknown[] {
  return ownKeys(global)
    .filter((key) => key !== "process")
    .map((key) => Object.getOwnPropertyDescriptor(global, key)?.value)
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

function handles(): object[] {
  const timer = setTimeout(() => {}, 0)
  const immediate = setImmediate(() => {})
  clearTimeout(timer)
  clearImmediate(immediate)
  return [timer, immediate]
}
