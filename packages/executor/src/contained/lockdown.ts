import { closeTransfers } from "./transfer-methods.ts"

/**
 * Takes from Node's own modules what user code must not have even if it finds a way to them: an escape finds an empty
 * room. It depends on the version of Node; the start test and the walk in the suite watch over it, and the process
 * around it is what is relied on.
 */
export function lockDown(): void {
  const { getBuiltinModule } = process
  for (const name of EMPTIED) empty(Object(getBuiltinModule(name)))
  emptyBut(getBuiltinModule("vm"), LAZILY_USED)
  emptyBut(getBuiltinModule("worker_threads"), LAZILY_USED)
  const module = getBuiltinModule("module")
  empty(module.prototype)
  empty(module)
  const silence = silentStream(process.stdout)
  emptyBut(process, OF_PROCESS)
  // `path.resolve` and the like ask for the folder.
  Object.assign(process, { stdout: silence, stderr: silence, cwd: () => "/" })
  closeTransfers([
    ...LOADED_GLOBALS.map((name) => Reflect.get(globalThis, name)),
    ...MODULES.map(getBuiltinModule),
  ])
}

/** The main thread may still ask for output of this one; without an answer, that would be an error of the thread. */
function silentStream(stream: object): object {
  const methods = Object.getOwnPropertySymbols(Object.getPrototypeOf(stream))
  return Object.fromEntries(methods.map((name) => [name, () => {}]))
}

/**
 * Modules that are loaded here, or cheap to load. The rest stays unloaded, and there is no way left to load it.
 * Never `domain` or `repl`: loading them changes how every event is emitted.
 */
const EMPTIED = [
  "fs",
  "fs/promises",
  "child_process",
  "inspector",
  "v8",
  "dgram",
  "tty",
  "dns",
  "dns/promises",
]

/** Node's own `fetch` and streams come back for these. */
const LAZILY_USED: ReadonlySet<PropertyKey> = new Set([
  "runInNewContext",
  "MessageChannel",
  "MessagePort",
  "isMarkedAsUntransferable",
  "markAsUncloneable",
  "markAsUntransferable",
])

/** What Node's own modules use of `process`, and what says nothing of this machine. */
const OF_PROCESS: ReadonlySet<PropertyKey> = new Set([
  "_events",
  "_eventsCount",
  "_exiting",
  "_fatalException",
  "_maxListeners",
  "arch",
  "argv",
  "domain",
  "emitWarning",
  "env",
  "execArgv",
  "features",
  "hrtime",
  "nextTick",
  "platform",
  "release",
  "version",
  "versions",
])

/** The classes that can be cloned or transferred; loaded now, so that none comes later that still can. */
const LOADED_GLOBALS = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "DOMException",
  "File",
  "QuotaExceededError",
  "ReadableStream",
  "TransformStream",
  "WritableStream",
]
/** Of those that are loaded already; the others are walked when a hook gets them. */
const MODULES = ["net"]

/** What modules that are for hooks hold besides: files, the whole process's settings, sockets past the broker. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  crypto: ["setEngine", "setFips"],
  http: ["WebSocket", "setGlobalProxyFromEnv"],
  tls: ["setDefaultCACertificates"],
  util: ["setTraceSigInt", "transferableAbortController", "transferableAbortSignal"],
  zlib: ["ZipBuffer", "ZipEntry", "ZipFile", "createZipArchive", "createZipArchiveSync", "zipFiles"],
}

/** To be called with each module before a hook gets it. */
export function closeDoors(name: string, module: object): void {
  for (const door of DOORS[name] ?? []) Reflect.deleteProperty(module, door)
}

function empty(target: object): void {
  emptyBut(target, new Set())
}

function emptyBut(target: object, kept: ReadonlySet<PropertyKey>): void {
  for (const key of Reflect.ownKeys(target)) {
    if (kept.has(key) || typeof key === "symbol" || Reflect.deleteProperty(target, key)) continue
    // What cannot be deleted can be written, or it is a constant.
    Reflect.set(target, key, undefined)
  }
}
