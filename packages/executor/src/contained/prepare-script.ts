import { stripTypeScriptTypes } from "node:module"
import { compileFunction } from "node:vm"
import type { HookCode } from "../protocol.ts"
import { HOOK_FILE } from "./compile-hook.ts"
import { toCommonJs } from "./module-syntax.ts"

/** What V8 says when the first thing that is wrong with a script is that it is an ES module. */
const MODULE_FAULT = /^(Cannot use import statement|Unexpected token 'export')/

/**
 * The hook's script as the CommonJS that its threads compile: without types, if it asks for that, and without the
 * syntax of ES modules, if it has any. A script that is CommonJS is left as it is. Here, in the main thread,
 * because a parser needs memory and time that are not the hook's own; once for all of them.
 */
export function prepareScript<Code extends HookCode>(code: Code): Code {
  try {
    const script = code.directives.isTypeScript ? withoutTypes(code.script) : code.script
    const rewritten = isModule(script) ? toCommonJs(script) : undefined
    return rewritten === undefined ? { ...code, script } : { ...code, script: rewritten, isStrict: true }
  } catch (error) {
    return { ...code, fault: faultOf(error, code.script) }
  }
}

/** Types become blanks: every line and column stays. */
function withoutTypes(script: string): string {
  return stripTypeScriptTypes(script)
}

function isModule(script: string): boolean {
  if (!/\b(?:import|export)\b/.test(script)) return false
  try {
    compileFunction(script, ["exports", "require", "module", "__filename", "__dirname"])
    return false
  } catch (error) {
    return error instanceof SyntaxError && MODULE_FAULT.test(error.message)
  }
}

/** In the form in which V8 shows its own. */
function faultOf(error: unknown, script: string): NonNullable<HookCode["fault"]> {
  if (!(error instanceof Error)) return { message: String(error), stack: "" }
  const place = placeOf(error)
  const message = place ? error.message.replace(/ \(\d+:\d+\)$/, "") : error.message
  // The stack of the one that takes types out begins with ":line" and the line.
  if (!place) return { message, stack: String(error.stack).replace(/^:/, `${HOOK_FILE}:`) }
  const line = script.split("\n")[place.line - 1] ?? ""
  const mark = `${" ".repeat(place.column)}^`
  return { message, stack: `${HOOK_FILE}:${place.line}\n${line}\n${mark}\n\nSyntaxError: ${message}` }
}

function placeOf(error: Error & { loc?: { line: number; column: number } }) {
  return error.loc
}
