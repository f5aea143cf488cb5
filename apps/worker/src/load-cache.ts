export interface LoadCacheOptions<Value> {
  load(key: string): Promise<Value | undefined>
  /** What a value takes of `maxSize`. */
  sizeOf(value: Value): number
  maxSize: number
  /** Whether a value is the same whenever it is loaded; the others are loaded each time. */
  isFinal?(value: Value): boolean
}

export interface LoadCache<Value> {
  /** Concurrent callers of one key share a load. */
  get(key: string): Promise<Value | undefined>
}

/** Loads each value once. The least recently used ones go when the cache is full; what is missing is not remembered. */
export function createLoadCache<Value>(options: LoadCacheOptions<Value>): LoadCache<Value> {
  const { load, sizeOf, maxSize, isFinal = () => true } = options
  const loading = new Map<string, Promise<Value | undefined>>()
  const held = new Map<string, { value: Value; size: number }>()
  let heldSize = 0

  function startLoading(key: string): Promise<Value | undefined> {
    const fresh = loadAndHold(key)
    loading.set(key, fresh)
    return fresh
  }

  async function loadAndHold(key: string): Promise<Value | undefined> {
    try {
      const value = await Promise.try(load, key)
      if (value !== undefined && isFinal(value)) hold(key, value)
      return value
    } finally {
      loading.delete(key)
    }
  }

  function hold(key: string, value: Value): void {
    const size = sizeOf(value)
    held.set(key, { value, size })
    heldSize += size
    for (const [oldest, { size: freed }] of held) {
      if (heldSize <= maxSize) return
      held.delete(oldest)
      heldSize -= freed
    }
  }

  return {
    async get(key) {
      const known = held.get(key)
      if (!known) return loading.get(key) ?? startLoading(key)
      // To the end of the map: the most recently used.
      held.delete(key)
      held.set(key, known)
      return known.value
    },
  }
}
