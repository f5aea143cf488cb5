const { defineProperty, getOwnPropertyDescriptor, hasOwn } = Object
const { ownKeys } = Reflect

/**
 * Makes that accessors of prototypes and classes cannot be replaced: whether one was is too slow to look up after each
 * run. `__proto__` stays, which some packages remove, and what Node itself replaces when it is first read, which is on
 * modules.
 */
export function pinAccessors(parts: Iterable<object>): void {
  for (const part of parts) {
    if (!isOfClass(part)) continue
    for (const key of ownKeys(part)) {
      if (key !== "__proto__" && isReplaceable(part, key)) defineProperty(part, key, { configurable: false })
    }
  }
}

function isOfClass(part: object): boolean {
  return hasOwn(part, "constructor") || hasOwn(part, Symbol.species)
}

function isReplaceable(part: object, key: PropertyKey): boolean {
  const property = getOwnPropertyDescriptor(part, key)
  return property?.get !== undefined && property.configurable === true
}
