import { Script } from "node:vm"
import { refuseImport } from "./refuse-import.ts"

/** What a hook may name in a text for `eval` besides globals. */
export type ModuleScope = Readonly<Record<string, unknown>>

const MENTIONS_SCOPE = /\b(?:require|module|exports|__filename|__dirname)\b/

const OF_FUNCTIONS: unknown = Object.getPrototypeOf(() => {})

type Code = (...args: unknown[]) => unknown

/**
 * `Function` and `eval` by their names, for the packages that make code from text. The engine refuses to make any in
 * this thread, also where an attacker finds the real constructor behind an object; these two compile a script of the
 * hook's own instead. `eval` does not see the variables around it, but the names of the module.
 */
export function createCodeFromText(scope: () => ModuleScope): { Function: unknown; eval: unknown } {
  const HookFunction = function (...args: unknown[]): unknown {
    const body = String(args.at(-1) ?? "")
    const parameters = args.slice(0, -1).map(String).join(",")
    const made = compile(`(function anonymous(${parameters}\n) {\n${body}\n})`)
    const wanted: unknown = new.target?.prototype
    const isDerived = wanted instanceof Object && wanted !== OF_FUNCTIONS
    return isDerived ? Object.setPrototypeOf(made, wanted) : made
  }
  Object.defineProperty(HookFunction, "prototype", { value: OF_FUNCTIONS, writable: false })
  Object.defineProperties(HookFunction, { name: { value: "Function" }, length: { value: 1 } })
  return {
    Function: HookFunction,
    eval: (text: unknown) => (typeof text === "string" ? evaluate(text, scope()) : text),
  }
}

function evaluate(text: string, scope: ModuleScope): unknown {
  const names = Object.keys(scope)
  const expression = MENTIONS_SCOPE.test(text)
    ? asExpression(`(function (${names.join(", ")}) { return (${text}\n) })`)
    : undefined
  if (expression) return asCode(expression.runInThisContext())(...Object.values(scope))
  return compile(text)
}

/**
 * Compiles a script of the hook's own; what comes back runs it.
 * @throws SyntaxError
 */
export function compileText(text: string): () => unknown {
  const script = scriptOf(text)
  return () => script.runInThisContext()
}

function asExpression(text: string): Script | undefined {
  try {
    return scriptOf(text)
  } catch {
    return undefined
  }
}

function compile(text: string): unknown {
  return scriptOf(text).runInThisContext()
}

function scriptOf(text: string): Script {
  return new Script(text, { filename: "hook-made.js", importModuleDynamically: refuseImport })
}

/** The script is one function expression. */
function asCode(value: unknown): Code {
  return value as Code
}
