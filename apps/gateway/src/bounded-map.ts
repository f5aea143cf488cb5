/** A map that forgets its least recently used entry when it grows beyond `maxEntries`. */
export function createBoundedMap<Key, Value extends object>(maxEntries: number) {
  const entries = new Map<Key, Value>()

  function set(key: Key, value: Value): void {
    entries.delete(key)
    entries.set(key, value)
    if (entries.size <= maxEntries) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      break
    }
  }

  return {
    get(key: Key): Value | undefined {
      const value = entries.get(key)
      if (value) set(key, value)
      return value
    },
    set,
    values: (): Value[] => [...entries.values()],
    delete: (key: Key): void => {
      entries.delete(key)
    },
  }
}
