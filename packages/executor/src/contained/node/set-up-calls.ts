import { inertEmitter } from "./inert.ts"
import { refusal } from "./refusal.ts"

type Act = (...args: unknown[]) => unknown

const { nextTick } = process
const nothing = () => {}

/**
 * What packages call or read of denied modules when they set themselves up, and that does nothing: by module. The rest
 * of these modules refuses.
 */
export function createSetUpCalls(): Record<string, Record<string, unknown>> {
  return {
    cluster: cluster(),
    domain: { ...domain() },
    v8: V8,
    inspector: INSPECTOR,
    sea: SEA,
    trace_events: TRACE,
    dgram,
  }
}

function cluster(): Record<string, unknown> {
  const own: Record<string, unknown> = {
    ...inertEmitter(() => own),
    isMaster: true,
    isPrimary: true,
    isWorker: false,
    worker: undefined,
    workers: {},
    settings: {},
    SCHED_NONE: 1,
    SCHED_RR: 2,
    schedulingPolicy: 2,
    setupMaster: nothing,
    setupPrimary: nothing,
  }
  return own
}

/** Runs what it is given and catches nothing. */
function domain(): object {
  const create = () => {
    const own: object = {
      ...inertEmitter(() => own),
      members: [],
      add: nothing,
      remove: nothing,
      enter: nothing,
      exit: nothing,
      dispose: nothing,
      bind: (act: unknown) => act,
      intercept:
        (act: Act) =>
        (_: unknown, ...rest: unknown[]) =>
          act(...rest),
      run: (act: Act, ...args: unknown[]) => act(...args),
    }
    return own
  }
  return { create, createDomain: create, active: undefined }
}

const HEAP = [
  "total_heap_size",
  "total_heap_size_executable",
  "total_physical_size",
  "total_available_size",
  "used_heap_size",
  "heap_size_limit",
  "malloced_memory",
  "peak_malloced_memory",
  "does_zap_garbage",
  "number_of_native_contexts",
  "number_of_detached_contexts",
  "total_global_handles_size",
  "used_global_handles_size",
  "external_memory",
]

const V8 = {
  getHeapStatistics: () => Object.fromEntries(HEAP.map((name) => [name, 0])),
  getHeapCodeStatistics: () => ({}),
  getHeapSpaceStatistics: () => [],
  cachedDataVersionTag: () => 0,
  setFlagsFromString: nothing,
  setHeapSnapshotNearHeapLimit: nothing,
  takeCoverage: nothing,
  stopCoverage: nothing,
}

const INSPECTOR = { url: () => undefined, close: nothing, console: {} }
const SEA = { isSea: () => false }
const TRACE = {
  createTracing: () => ({ enable: nothing, disable: nothing, enabled: false, categories: "" }),
  getEnabledCategories: () => undefined,
}

/** Hooks have no UDP: a socket can be made, and says so when it is to send. */
const dgram = {
  createSocket() {
    const listeners: Act[] = []
    const fail = (args: unknown[]) => {
      const error = refusal("dgram.Socket.send", "a hook can connect by TCP only")
      const callback = args.at(-1)
      if (typeof callback === "function") nextTick(callback, error)
      else for (const listen of listeners) nextTick(listen, error)
    }
    const socket: Record<string, unknown> = {
      ...inertEmitter(() => socket),
      ...Object.fromEntries(SOCKET.map((name) => [name, () => socket])),
      send: (...args: unknown[]) => fail(args),
      close: (done?: Act) => done && nextTick(done),
      address: () => ({ address: "0.0.0.0", family: "IPv4", port: 0 }),
    }
    const listen = (event: unknown, listener: Act) => {
      if (event === "error") listeners.push(listener)
      return socket
    }
    return Object.assign(socket, { on: listen, once: listen, addListener: listen })
  },
}

const SOCKET = [
  "bind",
  "connect",
  "disconnect",
  "ref",
  "unref",
  "setBroadcast",
  "setTTL",
  "setSendBufferSize",
  "setRecvBufferSize",
]
