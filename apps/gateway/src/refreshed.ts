/**
 * A value that is loaded when what is held of it is too old. Those who ask while it is being loaded share that
 * load; a load that fails is not kept.
 */
export function createRefreshed<Value>({ load, now }: { load: () => Promise<Value>; now: () => number }) {
  let held: { value: Promise<Value>; loadedAt: number } | undefined
  return {
    async get(maxAgeMs: number): Promise<Value> {
      if (held && now() - held.loadedAt < maxAgeMs) return held.value
      const fresh = { value: load(), loadedAt: now() }
      held = fresh
      try {
        return await fresh.value
      } catch (error) {
        if (held === fresh) held = undefined
        throw error
      }
    },
  }
}
