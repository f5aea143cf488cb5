type Act = (...args: unknown[]) => unknown

/**
 * The `diagnostics_channel` of hooks: packages announce what they do on its channels, and nobody listens. The real one
 * is shared with Node's own modules, so a subscriber would see what belongs to other runs.
 */
export function createDiagnosticsShim(): object {
  const nothing = () => {}
  const isFalse = () => false

  class Channel {
    name: unknown
    hasSubscribers = false
    constructor(name?: unknown) {
      this.name = name
    }
    subscribe = nothing
    unsubscribe = isFalse
    bindStore = nothing
    unbindStore = isFalse
    publish = nothing
    runStores(_: unknown, act: Act, thisArg?: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(act, thisArg, args)
    }
  }

  const channel = (name: unknown) => new Channel(name)
  const trace = (act: Act, _?: unknown, thisArg?: unknown, ...args: unknown[]) =>
    Reflect.apply(act, thisArg, args)
  const tracingChannel = (name: unknown) => ({
    ...Object.fromEntries(TRACED.map((moment) => [moment, channel(`tracing:${String(name)}:${moment}`)])),
    hasSubscribers: false,
    subscribe: nothing,
    unsubscribe: isFalse,
    traceSync: trace,
    tracePromise: trace,
    traceCallback: (act: Act, _position?: unknown, ...rest: unknown[]) => trace(act, ...rest),
  })
  return {
    Channel,
    channel,
    tracingChannel,
    hasSubscribers: isFalse,
    subscribe: nothing,
    unsubscribe: isFalse,
  }
}

const TRACED = ["start", "end", "asyncStart", "asyncEnd", "error"]
