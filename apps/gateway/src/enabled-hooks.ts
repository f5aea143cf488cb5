import { type Snapshot, TRIGGER_IDS, type TriggerId } from "@hooklane/core"

/** Time after which a version is published again, so that its copy in Redis never expires while it is enabled. */
const REFRESH_MS = 60_000
/** A version whose packages are being built is about to change, perhaps by the hand of another gateway. */
const UNBUILT_REFRESH_MS = 1_000

export interface EnabledHooksDeps {
  find: (triggerId: TriggerId) => Promise<Snapshot | undefined>
  publish: (snapshot: Snapshot) => Promise<void>
  now?: () => number
}

interface KnownHook {
  snapshot: Promise<Snapshot | undefined>
  loadedAt: number
  keepMs: number
}

/**
 * The enabled hook of each trigger, in memory, because every event asks for it. A snapshot that comes from here
 * has been published: a worker finds it.
 */
export function createEnabledHooks({ find, publish, now = Date.now }: EnabledHooksDeps) {
  const known = new Map<TriggerId, KnownHook>()

  async function load(triggerId: TriggerId): Promise<Snapshot | undefined> {
    const snapshot = await find(triggerId)
    if (snapshot) await publish(snapshot)
    return snapshot
  }

  async function get(triggerId: TriggerId): Promise<Snapshot | undefined> {
    const entry = known.get(triggerId)
    if (entry && now() - entry.loadedAt < entry.keepMs) return entry.snapshot
    const fresh: KnownHook = { snapshot: load(triggerId), loadedAt: now(), keepMs: REFRESH_MS }
    known.set(triggerId, fresh)
    try {
      const snapshot = await fresh.snapshot
      if (snapshot?.unbuilt) fresh.keepMs = UNBUILT_REFRESH_MS
      return snapshot
    } catch (error) {
      if (known.get(triggerId) === fresh) known.delete(triggerId)
      throw error
    }
  }

  return {
    get,
    /** Forgets what is known of a trigger and loads it anew; call after each change of a hook. */
    async changed(triggerId: TriggerId): Promise<void> {
      known.delete(triggerId)
      await get(triggerId)
    },
    /** Forgets everything; what is asked for next is loaded anew. */
    forget(): void {
      known.clear()
    },
    /** Loads everything anew; call when Redis came back, since it may have lost what was published. */
    async republish(): Promise<void> {
      known.clear()
      await Promise.all(TRIGGER_IDS.map(get))
    },
  }
}

export type EnabledHooks = ReturnType<typeof createEnabledHooks>
