import { builtinModules, createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** Each module that Node lists, with the names of what it has, in order; without Node's private ones. */
export function readBuiltins(): Map<string, string[]> {
  return new Map(builtinModules.map((name) => [name.replace(/^node:/, ""), membersOf(loadBuiltin(name))]))
}

/** As Node's programs have it. */
export function loadBuiltin(name: string): object {
  return Object(require(name.startsWith("node:") ? name : `node:${name}`))
}

/** The names of Node's globals, in order. */
export function readGlobals(): string[] {
  return Object.getOwnPropertyNames(globalThis)
    .filter((name) => !name.startsWith("_"))
    .sort()
}

function membersOf(module: object): string[] {
  return Object.getOwnPropertyNames(module)
    .filter((name) => !name.startsWith("_") && !OF_FUNCTIONS.has(name))
    .sort()
}

const OF_FUNCTIONS = new Set(["length", "name", "arguments", "caller", "prototype", "constructor"])
