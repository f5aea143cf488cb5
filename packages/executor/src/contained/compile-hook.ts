import { compileFunction, Script } from "node:vm"
import type { HookCode } from "../protocol.ts"
import { refuseImport } from "./refuse-import.ts"

/** What stacks, `__filename` and compile errors call the user's script. */
export const HOOK_FILE = "/hook.js"

const BASE_ERROR_CLASS = "ExtensibilityUserError"

export type CompiledHook = { isCompiled: true; script: Script } | { isCompiled: false; error: SyntaxError }

/** The names that a hook finds in scope besides the globals, in the order in which it is given their values. */
export function scopeOf({ signature }: HookCode): string[] {
  const classes = signature.errorClasses.map(({ name }) => name)
  return ["exports", "require", "module", "__filename", "__dirname", BASE_ERROR_CLASS, ...classes]
}

/**
 * The script as the body of a function, so that `return` at its top level is legal. Its error classes are
 * parameters of that function: lines keep their numbers, and a class of the same name is a redeclaration, as it
 * was where the classes stood in front of the script. The semicolon keeps another trait of that: "use strict" is
 * not the first statement and has no effect (contract 2.0).
 */
export function compileHook(code: HookCode): CompiledHook {
  if (code.fault) return { isCompiled: false, error: Object.assign(new SyntaxError(), code.fault) }
  const start = code.isStrict ? '"use strict";' : ";"
  const body = start + code.script
  const scope = scopeOf(code)
  try {
    // Without a wrapper first: a script that closes one, `}); … (function () {`, would compile inside it.
    compileFunction(body, scope, { filename: HOOK_FILE, columnOffset: -start.length })
    const head = `(function (${scope.join(", ")}) {`
    // A Script, because it can be run again without being compiled again.
    const script = new Script(`${head}${body}\n})`, {
      filename: HOOK_FILE,
      columnOffset: -(head.length + start.length),
      importModuleDynamically: refuseImport,
    })
    return { isCompiled: true, script }
  } catch (error) {
    if (error instanceof SyntaxError) return { isCompiled: false, error }
    throw error
  }
}
