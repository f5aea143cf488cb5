import { closeTransfers } from "./transfer-methods.ts"

/** The language's own, as hooks have them. What is not here is not for hooks. */
const LANGUAGE = [
  "Object",
  "Function",
  "Array",
  "Number",
  "parseFloat",
  "parseInt",
  "Infinity",
  "NaN",
  "undefined",
  "Boolean",
  "String",
  "Symbol",
  "Date",
  "Promise",
  "RegExp",
  "Error",
  "AggregateError",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "SuppressedError",
  "globalThis",
  "JSON",
  "Math",
  "Intl",
  "ArrayBuffer",
  "Uint8Array",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "BigUint64Array",
  "BigInt64Array",
  "Uint8ClampedArray",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "DataView",
  "Map",
  "BigInt",
  "Set",
  "Iterator",
  "WeakMap",
  "WeakSet",
  "Proxy",
  "Reflect",
  "FinalizationRegistry",
  "WeakRef",
  "DisposableStack",
  "AsyncDisposableStack",
  "Temporal",
  "decodeURI",
  "decodeURIComponent",
  "encodeURI",
  "encodeURIComponent",
  "escape",
  "unescape",
  "eval",
  "isFinite",
  "isNaN",
]

/** Node's own, as they are. Those that could clone, transfer or construct by name are not among them. */
const NODES = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "Buffer",
  "ByteLengthQueuingStrategy",
  "CountQueuingStrategy",
  "CustomEvent",
  "DOMException",
  "Event",
  "EventTarget",
  "File",
  "ReadableByteStreamController",
  "ReadableStream",
  "ReadableStreamBYOBReader",
  "ReadableStreamBYOBRequest",
  "ReadableStreamDefaultController",
  "ReadableStreamDefaultReader",
  "TextDecoder",
  "TextEncoder",
  "TransformStream",
  "TransformStreamDefaultController",
  "QuotaExceededError",
  "URL",
  "URLSearchParams",
  "WritableStream",
  "WritableStreamDefaultController",
  "WritableStreamDefaultWriter",
  "atob",
  "btoa",
  "global",
  "queueMicrotask",
]

/** Node loads these when they are first touched; so does a hook. */
const LAZY = [
  "CompressionStream",
  "Crypto",
  "CryptoKey",
  "DecompressionStream",
  "SubtleCrypto",
  "TextDecoderStream",
  "TextEncoderStream",
  "URLPattern",
  "crypto",
]
/** The same, and all of one module. */
const OF_FETCH = ["FormData", "Headers", "Request", "Response", "fetch"]

const WebAssembly: unknown = Reflect.get(globalThis, "WebAssembly")
const { getOwnPropertyDescriptor, defineProperty } = Object
const { get, deleteProperty, ownKeys } = Reflect

export interface HookGlobalsOptions {
  /** By name; they take the place of Node's. */
  given: Readonly<Record<string, unknown>>
  /** Called with what a hook gets when it touches a global for the first time. */
  onLoad(loaded: object): void
}

/** Makes the global object of this thread what a hook sees. Nothing that is not for hooks stays. */
export function openHookGlobals({ given, onLoad }: HookGlobalsOptions): void {
  const loaders = [...LAZY.map((name) => [name, loader(name)]), ...fetchLoaders()]
  const lent = NODES.map((name): [string, unknown] => [name, get(globalThis, name)])
  const kept = new Set<PropertyKey>(LANGUAGE)
  for (const key of ownKeys(globalThis)) if (!kept.has(key)) deleteProperty(globalThis, key)
  for (const [name, value] of [...lent, ...Object.entries(given)]) define(name, value)
  for (const [name, load] of loaders) defineLazy(String(name), asLoader(load), onLoad)
}

function define(name: PropertyKey, value: unknown): void {
  defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}

type Loader = () => unknown

/** What loads a global of Node's, as it is before it is taken away. */
function loader(name: string): Loader {
  const property = getOwnPropertyDescriptor(globalThis, name)
  const { get: read } = property ?? {}
  return read ? () => Reflect.apply(read, globalThis, []) : () => property?.value
}

function fetchLoaders(): [string, Loader][] {
  const loads = OF_FETCH.map((name): [string, Loader] => [name, loader(name)])
  let isLoaded = false
  return loads.map(([name, load]) => [
    name,
    () => {
      if (isLoaded) return load()
      isLoaded = true
      // Its parser is WebAssembly, which hooks do not have: made now, or it would be made with the first connection.
      define("WebAssembly", WebAssembly)
      try {
        const loaded = load()
        // The class itself is what loads the module; `fetch` loads it when it is called.
        if (name === "fetch") loads[0]?.[1]()
        makeParser()
        return loaded
      } finally {
        deleteProperty(globalThis, "WebAssembly")
      }
    },
  ])
}

/** A connection that breaks at once, behind nobody's back: the parser is made before it is looked at. */
function makeParser(): void {
  const dispatcher: unknown = get(globalThis, Symbol.for("undici.globalDispatcher.2"))
  const { constructor: Agent } = Object(dispatcher)
  const broken = { errored: new Error("not a connection"), destroy: () => broken, on: () => broken }
  const agent: unknown = new Agent({
    connect: (_: unknown, done: (error: null, socket: object) => void) => done(null, broken),
  })
  const handler = Object.fromEntries(HANDLER.map((name) => [name, () => {}]))
  Object(agent).dispatch({ origin: "http://localhost", path: "/", method: "GET" }, handler)
}

const HANDLER = ["onRequestStart", "onResponseStart", "onResponseData", "onResponseEnd", "onResponseError"]

function defineLazy(name: string, load: Loader, onLoad: (loaded: object) => void): void {
  let loaded: unknown
  defineProperty(globalThis, name, {
    configurable: true,
    get: () => {
      if (loaded === undefined) {
        loaded = load()
        closeTransfers([loaded])
        onLoad(Object(loaded))
        // An accessor leads to it, which no walk reads.
        if (name === "crypto") onLoad(Object(get(Object(loaded), "subtle")))
      }
      return loaded
    },
    set: (value: unknown) => define(name, value),
  })
}

/** It is one of the above, beside its name. */
function asLoader(value: unknown): Loader {
  return value as Loader
}
