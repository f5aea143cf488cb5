import { compileText } from "../code-from-text.ts"
import { refusal } from "./refusal.ts"

type Act = (...args: unknown[]) => unknown

interface FunctionOptions {
  parsingContext?: object
}

/**
 * The `vm` of hooks, for packages that compile templates and configuration with it. There is one realm: a script sees
 * the hook's globals behind the names of its context, and is no wall against anything.
 */
export function createVmShim(): Record<string, unknown> {
  const contexts = new WeakSet<object>()

  function createContext(context: unknown = {}): object {
    const made = Object(context)
    contexts.add(made)
    return made
  }

  class Script {
    readonly #text: string
    constructor(text: unknown) {
      this.#text = String(text)
      // As Node's, it complains about what is not JavaScript when it is made.
      compileText(`(function () {${this.#text}\n})`)
    }
    runInThisContext(): unknown {
      return compileText(this.#text)()
    }
    runInContext(context: unknown): unknown {
      return runWithin(this.#text, createContext(context))
    }
    runInNewContext(context?: unknown): unknown {
      return runWithin(this.#text, createContext(context))
    }
    createCachedData(): Buffer {
      return Buffer.alloc(0)
    }
  }

  function compileFunction(
    text: unknown,
    names: unknown[] = [],
    { parsingContext }: FunctionOptions = {},
  ): unknown {
    const source = `(function (${names.join(", ")}) {${String(text)}\n})`
    return parsingContext ? runWithin(source, parsingContext) : compileText(source)()
  }

  return {
    Script,
    createContext,
    createScript: (text: unknown) => new Script(text),
    isContext: (value: unknown) => typeof value === "object" && value !== null && contexts.has(value),
    runInThisContext: (text: unknown) => compileText(String(text))(),
    runInContext: (text: unknown, context: unknown) => runWithin(String(text), createContext(context)),
    runInNewContext: (text: unknown, context?: unknown) => runWithin(String(text), createContext(context)),
    compileFunction,
    measureMemory: async () => {
      throw refusal("vm.measureMemory")
    },
    constants: { USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol("main"), DONT_CONTEXTIFY: Symbol("none") },
  }
}

/** The value of an expression; statements have none. */
function runWithin(text: string, context: object): unknown {
  const within = (body: string) => compileText(`(function () { with (arguments[0]) { ${body}\n } })`)()
  let made: unknown
  try {
    made = within(`return (${text}\n)`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    made = within(text)
  }
  return Reflect.apply(asAct(made), context, [scopeOf(context)])
}

/** Its names come first, the globals of the language and of Node next, and what is assigned otherwise becomes its own. */
function scopeOf(context: object): object {
  return new Proxy(context, {
    has: (target, key) => key in target || !(key in globalThis),
    get: (target, key) => (key === Symbol.unscopables ? undefined : Reflect.get(target, key)),
  })
}

/** It was compiled from a function expression. */
function asAct(value: unknown): Act {
  return value as Act
}
