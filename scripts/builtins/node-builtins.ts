import { builtinModules, createRequire } from "node:module"
import { fingerprint } from "./probe.ts"

const require = createRequire(import.meta.url)

/** Loading them changes other modules, so they come after those are read. */
const LOADED_LAST = ["domain", "repl"]

/** Depends on how this process was started. */
const ACCIDENTAL = new Set(["noProcessWarnings"])
/** Of the process that looks: a hook's are others, even where they are the same by chance. */
const OF_THIS_PROCESS = new Set(["argv0", "debugPort", "execPath", "pid", "ppid", "title"])
const OF_FUNCTIONS = new Set(["length", "name", "arguments", "caller", "prototype", "constructor"])

/** What each member is, by its name: see `fingerprint`. */
export type Members = ReadonlyMap<string, string>

/** Each module that Node lists, and its globals, with what they have; without Node's private names. */
export function readBuiltins(): Map<string, Members> {
  const globals = membersOf(globalThis)
  const isEarly = (name: string) => !LOADED_LAST.includes(name)
  const order = [...builtinModules.filter(isEarly), ...LOADED_LAST]
  const read = new Map(order.map((name) => [name.replace(/^node:/, ""), membersOf(load(name))]))
  const inOrder = [...read.keys()]
    .sort()
    .map((name): [string, Members] => [name, read.get(name) ?? new Map()])
  return new Map([...inOrder, ["globalThis", globals]])
}

function load(name: string): object {
  return Object(require(name.startsWith("node:") ? name : `node:${name}`))
}

function membersOf(module: object): Members {
  const names = Object.getOwnPropertyNames(module).filter((name) => isListed(name, module))
  const isOwn = (name: string) => module === process && OF_THIS_PROCESS.has(name)
  return new Map(
    names.sort().map((name) => [name, isOwn(name) ? "" : fingerprint(Reflect.get(module, name))]),
  )
}

function isListed(name: string, module: object): boolean {
  if (name.startsWith("_") || ACCIDENTAL.has(name)) return false
  return typeof module !== "function" || !OF_FUNCTIONS.has(name)
}
