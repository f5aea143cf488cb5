const CHAINED = [
  "on",
  "once",
  "off",
  "addListener",
  "prependListener",
  "prependOnceListener",
  "removeListener",
  "removeAllListeners",
  "setMaxListeners",
]

/** The methods of an emitter that takes listeners and forgets them: nothing ever happens to it. */
export function inertEmitter(self: () => object): Record<string, (...args: unknown[]) => unknown> {
  return {
    ...Object.fromEntries(CHAINED.map((name) => [name, () => self()])),
    emit: () => false,
    listeners: () => [],
    rawListeners: () => [],
    listenerCount: () => 0,
    eventNames: () => [],
    getMaxListeners: () => 10,
  }
}
