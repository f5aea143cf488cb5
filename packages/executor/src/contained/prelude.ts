import type { CallSignature } from "../protocol.ts"
import { createTellProperties } from "./error-properties.ts"
import type { storageFace } from "./storage-face.ts"
import type { ThreadAnswer } from "./thread-protocol.ts"

/** What the prelude gets from the thread. */
export interface PreludeInput {
  signature: CallSignature
  scope: readonly string[]
  require(id: unknown): unknown
  createStorage: ReturnType<typeof storageFace>
  hookFile: string
  /** Called with what the hook's module has in scope, by name. */
  onScope(values: Record<string, unknown>): void
}

export interface HookCall {
  event: string
  webtask: string
  /** Takes the first answer; later ones are ignored. */
  answer(answer: ThreadAnswer): void
  askStorage: Parameters<PreludeInput["createStorage"]>[0]
  /** Something went wrong after the answer. */
  fail(answer: ThreadAnswer): void
  /**
   * Keeps the run open until the function that comes back is called.
   * @throws RangeError when too many do, or the run is over
   */
  hold(): () => void
}

export interface Prelude {
  /**
   * Runs the module's body, once. An answer comes back when it gives no function.
   * @param factory the compiled script, as a function of the names in scope
   */
  load(factory: (...scope: unknown[]) => unknown): ThreadAnswer | undefined
  call(run: HookCall): void
  /** The answer for something that was thrown after the call, and nobody caught. */
  threw(thrown: unknown): ThreadAnswer
  notCompiled(error: unknown): ThreadAnswer
}

/** An error as it is told; `properties` is JSON. */
interface Told {
  name: string
  message: string
  stack: string | undefined
  properties: string | undefined
  thrown?: "sync" | "async" | undefined
}

type FailureStatus = Exclude<ThreadAnswer["status"], "returned" | "crashed">

/**
 * Calls the hook. Arguments, results and errors are made and read with the language's intrinsics as they are when
 * this is called, before user code could change them.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share those intrinsics
export function prelude(input: PreludeInput): Prelude {
  const { signature } = input
  const { parse, stringify } = JSON
  const { defineProperty } = Object
  const { isError } = Error
  const tellProperties = createTellProperties()
  /** Of what an error carries besides its texts, as JSON; what does not fit is left out, property by property. */
  const MAX_PROPERTIES_CHARS = 64_000
  const MAX_TEXT_CHARS = 16_384
  const MAX_NAME_CHARS = 256
  const sourceOf = Function.prototype.toString
  const resolved = Promise.resolve.bind(Promise)
  let hook: ((...args: unknown[]) => unknown) | undefined
  let hasCallback = true

  class ExtensibilityUserError extends Error {
    constructor(message?: string) {
      super(message)
      this.name = this.constructor.name
    }
  }

  return { load, call, threw: (thrown) => failure("threw", thrown, "async"), notCompiled }

  function load(factory: (...scope: unknown[]) => unknown): ThreadAnswer | undefined {
    const module: { exports: unknown } = { exports: {} }
    const values: Record<string, unknown> = {
      exports: module.exports,
      require: input.require,
      module,
      __filename: input.hookFile,
      __dirname: "/",
      ExtensibilityUserError,
    }
    for (const errorClass of signature.errorClasses) values[errorClass.name] = errorClassFor(errorClass)
    input.onScope(values)
    try {
      const returned = factory(...input.scope.map((name) => values[name]))
      const exported = isFunction(returned) ? returned : module.exports
      if (!isFunction(exported)) throw new Error("Supplied code must return or export a function.")
      hook = exported
      hasCallback = declaresCallback(exported)
      return undefined
    } catch (error) {
      return notCompiled(error)
    }
  }

  function call({ answer, ...run }: HookCall): void {
    const { fail } = run
    const args = argumentsFor(run)
    let isAnswered = false
    const once = (makeAnswer: () => ThreadAnswer) => {
      if (isAnswered) return
      // First: making the answer may run getters of the hook, which could call back again.
      isAnswered = true
      answer(makeAnswer())
    }
    const callback = (error?: unknown, value?: unknown) =>
      once(() => (error ? failure("rejected", error) : success(value)))
    try {
      const result = hook?.(...args, callback)
      if (hasCallback || result === undefined) return
      // A hook that declares no callback answers with what it returns.
      if (isThenable(result)) {
        result.then(
          (value) => once(() => success(value)),
          (error) => once(() => failure("rejected", error)),
        )
      } else {
        once(() => success(result))
      }
    } catch (error) {
      const threw = () => failure("threw", error, "sync")
      if (isAnswered) fail(threw())
      else once(threw)
    }
  }

  /**
   * Whether a hook may call back, by its parameters. One that could get at the callback in another way, or whose
   * parameters are too involved to be counted, is held to the old contract: what it returns means nothing.
   */
  function declaresCallback(declared: (...args: unknown[]) => unknown): boolean {
    const count = signature.parameters.length
    if (declared.length > count) return true
    const source: string = sourceOf.call(declared)
    if (/\barguments\b/.test(source)) return true
    const [, alone, list] = /^(?:async\b)?\s*(?:([\w$]+)\s*=>|[^(]*\(([^()]*)\))/.exec(source) ?? []
    if (alone !== undefined) return false
    if (list === undefined || list.includes("...")) return true
    const names = list.replace(/\{[^{}]*\}|\[[^[\]]*\]/g, "_").split(",")
    return names.filter((name) => name.trim() !== "").length > count
  }

  function argumentsFor({
    event: eventText,
    webtask: webtaskText,
    askStorage,
    ...run
  }: Omit<HookCall, "answer">): unknown[] {
    const event = parse(eventText)
    const webtask = parse(webtaskText)
    // Not enumerable: a hook that calls back with its context would send it along.
    defineProperty(webtask, "storage", {
      value: input.createStorage(askStorage),
      configurable: true,
      writable: true,
    })
    defineProperty(webtask, "waitUntil", { value: waitUntil(run), configurable: true, writable: true })
    webtask.body = event
    webtask.body_raw = eventText
    const context = signature.contextArgument === "copy" ? { ...event.context } : event.context
    context.webtask = webtask
    return signature.parameters.map((name) => (name === "context" ? context : event[name]))
  }

  /** The run goes on after its answer until the promise is settled. One that fails is an error that nobody caught. */
  function waitUntil({ hold, fail }: Pick<HookCall, "hold" | "fail">): (promise: unknown) => void {
    return (promise) => {
      const release = hold()
      resolved(promise).then(release, (error) => {
        fail(failure("threw", error, "async"))
        release()
      })
    }
  }

  function success(value: unknown): ThreadAnswer {
    try {
      const json = stringify(signature.emptyResult === "empty_object" ? value || {} : value)
      return json === undefined ? { status: "returned" } : { status: "returned", json }
    } catch {
      const error = new Error("Error when JSON serializing the result of the extension point")
      return failure("invalid_result", error)
    }
  }

  function notCompiled(error: unknown): ThreadAnswer {
    const { name, message, stack, properties } = describe(error)
    const description = `"error_description":${stringify(message)}`
    return failureOf("not_compiled", {
      name,
      message: "Unable to compile the extensibility code as javascript",
      stack,
      properties: properties ? `${properties.slice(0, -1)},${description}}` : `{${description}}`,
    })
  }

  function failure(
    status: "rejected" | "threw" | "invalid_result",
    error: unknown,
    thrown?: "sync" | "async",
  ): ThreadAnswer {
    return failureOf(status, { ...describe(error), thrown })
  }

  function failureOf(status: FailureStatus, { properties, ...texts }: Told): ThreadAnswer {
    const json = stringify(texts)
    return { status, json: properties ? `${json.slice(0, -1)},"properties":${properties}}` : json }
  }

  /** Whatever a hook makes of an error, its name and its message are told. */
  function describe(value: unknown): Told {
    const error = isErrorLike(value) ? value : new Error(say(value))
    const stack = read(error, "stack")
    return {
      name: cut(textOf(read(error, "name"), "Error"), MAX_NAME_CHARS),
      message: cut(textOf(read(error, "message"), "Unknown error")),
      stack: typeof stack === "string" ? userFrames(cut(stack)) : undefined,
      properties: tellProperties(error, MAX_PROPERTIES_CHARS),
    }
  }

  function read(error: object, key: string): unknown {
    try {
      return Reflect.get(error, key)
    } catch {
      return undefined
    }
  }

  function textOf(value: unknown, otherwise: string): string {
    try {
      return value === undefined ? otherwise : String(value)
    } catch {
      return otherwise
    }
  }

  /** The text of something that is not an Error: its message if it has one, itself otherwise. */
  function say(value: unknown): string {
    try {
      const message = value === null || value === undefined ? "" : Reflect.get(Object(value), "message")
      return String(message || String(value) || "Unknown error")
    } catch {
      return "Unknown error"
    }
  }

  function isErrorLike(value: unknown): value is Error {
    try {
      return isError(value) || value instanceof Error
    } catch {
      return false
    }
  }

  /** The stack without the frames of this runtime. */
  function userFrames(stack: string): string {
    return stack
      .split("\n")
      .filter((line) => !/^ {4}at .*(file:\/\/|node:internal|[\\/]piscina[\\/])/.test(line))
      .join("\n")
  }

  /** The mark tells the worker where the beginning of a secret may stand. */
  function cut(text: string, maxChars = MAX_TEXT_CHARS): string {
    return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
  }

  function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
    return typeof value === "function"
  }

  function isThenable(value: unknown): value is PromiseLike<unknown> {
    return typeof value === "object" && value !== null && typeof Reflect.get(value, "then") === "function"
  }

  function errorClassFor({ name, hasFriendlyMessage }: CallSignature["errorClasses"][number]): unknown {
    // As a property's value, the class takes its name from the key.
    const named = {
      [name]: class extends ExtensibilityUserError {
        constructor(message?: string, friendlyMessage?: string) {
          super(message)
          if (hasFriendlyMessage) Object.assign(this, { friendlyMessage: friendlyMessage || message })
        }
      },
    }
    return named[name]
  }
}
