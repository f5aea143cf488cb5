type Prepare = (error: Error, sites: NodeJS.CallSite[]) => unknown

const util = process.getBuiltinModule("util")
const { defineProperty, getPrototypeOf } = Object
const { apply } = Reflect

/** As they are now: what user code puts in their place would see what it is not to know. */
const startsWith = uncurried(String.prototype.startsWith)
const isKnown = uncurried(WeakSet.prototype.has)
const learn = uncurried(WeakSet.prototype.add)

const FOLDER = `${import.meta.dirname}/`
const FOLDER_URL = new URL(".", import.meta.url).href

/**
 * Takes the frames of this runtime out of all stacks that a hook reads, also those that it formats itself: they name the
 * folder of the runtime, and with it the host and the worker's process. Node looks for the function that formats stacks
 * in the global `Error`, so neither of the two can be replaced or removed; setting the function works as ever.
 */
export function hideOwnFrames(): void {
  const fileNameOf = uncurried(Object(prototypeOfSites()).getFileName)
  const wrappers = new WeakSet<Prepare>()

  function wrap(prepare: Prepare): Prepare {
    const prepareStackTrace: Prepare = (error, sites) =>
      apply(prepare, Error, [error, without(sites, (site) => isOwn(fileNameOf(site)))])
    learn(wrappers, prepareStackTrace)
    return prepareStackTrace
  }

  const initial = wrap(Error.prepareStackTrace ?? String)
  let current = initial
  defineProperty(Error, "prepareStackTrace", {
    get: () => current,
    set(value: unknown) {
      if (!isFunction(value)) current = initial
      // Packages put back what they found there, again and again.
      else current = isKnown(wrappers, value) ? value : wrap(value)
    },
    enumerable: false,
    configurable: false,
  })
  defineProperty(globalThis, "Error", { writable: false, configurable: false })
  const { getCallSites } = util
  const getOtherCallSites = (...args: unknown[]) =>
    without<{ scriptName: string }>(apply(getCallSites, util, args), ({ scriptName }) => isOwn(scriptName))
  Reflect.set(util, "getCallSites", getOtherCallSites)
}

function isOwn(fileName: unknown): boolean {
  if (typeof fileName !== "string") return false
  return Boolean(startsWith(fileName, FOLDER)) || Boolean(startsWith(fileName, FOLDER_URL))
}

/** Without the methods of arrays, which may be a hook's. */
function without<Value>(values: readonly Value[], isDropped: (value: Value) => boolean): Value[] {
  const kept: Value[] = []
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value !== undefined && !isDropped(value)) kept[kept.length] = value
  }
  return kept
}

function prototypeOfSites(): unknown {
  const { prepareStackTrace } = Error
  try {
    Error.prepareStackTrace = (_, sites) => getPrototypeOf(sites[0])
    return new Error().stack
  } finally {
    Error.prepareStackTrace = prepareStackTrace
  }
}

function isFunction(value: unknown): value is Prepare {
  return typeof value === "function"
}

/** A method as a function of its object and arguments. */
function uncurried(method: unknown): (self: unknown, ...args: unknown[]) => unknown {
  return Function.prototype.call.bind(Object(method))
}
