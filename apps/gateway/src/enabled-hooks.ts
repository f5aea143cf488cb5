import { type Snapshot, TRIGGER_IDS, type TriggerId } from "@hooklane/core"
import { createLastKnown } from "./last-known.ts"

/** Time after which a version is published again, so that its copy in Redis never expires while it is enabled. */
const REFRESH_MS = 60_000
/** A version whose packages are being built is about to change, perhaps by the hand of another gateway. */
const UNBUILT_REFRESH_MS = 1_000

export interface EnabledHooksDeps {
  /** The enabled hooks of a trigger, in the order in which they run. */
  find: (triggerId: TriggerId) => Promise<Snapshot[]>
  publish: (snapshot: Snapshot) => Promise<void>
  now?: () => number
}

interface KnownHooks {
  found: ReturnType<typeof createLastKnown<Snapshot[]>>
  /** How old they may be. */
  keepMs: number
  /** Since the first event that asked for them. */
  published?: { snapshots: Snapshot[]; done: Promise<unknown> }
}

/**
 * The enabled hooks of each trigger, in memory, because every event asks for them, also while the database is away.
 * A snapshot that comes from here has been published: a worker finds it.
 */
export function createEnabledHooks({ find, publish, now = Date.now }: EnabledHooksDeps) {
  const known = new Map<TriggerId, KnownHooks>()

  function hooksOf(triggerId: TriggerId): KnownHooks {
    const load = () => find(triggerId)
    const entry = known.get(triggerId) ?? { found: createLastKnown({ load, now }), keepMs: 0 }
    known.set(triggerId, entry)
    return entry
  }

  async function newest(entry: KnownHooks): Promise<Snapshot[]> {
    const snapshots = await entry.found.get(entry.keepMs)
    entry.keepMs = snapshots.some(({ unbuilt }) => unbuilt) ? UNBUILT_REFRESH_MS : REFRESH_MS
    return snapshots
  }

  /** Once for each list that was loaded; one that failed is tried again by the next event. */
  async function publishOnce(entry: KnownHooks, snapshots: Snapshot[]): Promise<void> {
    const known = entry.published?.snapshots === snapshots ? entry.published : undefined
    const published = known ?? { snapshots, done: Promise.all(snapshots.map(publish)) }
    entry.published = published
    try {
      await published.done
    } catch (error) {
      if (entry.published === published) delete entry.published
      throw error
    }
  }

  async function all(triggerId: TriggerId): Promise<Snapshot[]> {
    const entry = hooksOf(triggerId)
    const snapshots = await newest(entry)
    await publishOnce(entry, snapshots)
    return snapshots
  }

  async function get(triggerId: TriggerId): Promise<Snapshot | undefined> {
    const [first] = await all(triggerId)
    return first
  }

  return {
    /** Those of a chain, or the one there is, or none. */
    all,
    /** The only one, or the first of a chain. */
    get,
    /**
     * Forgets what is known of a trigger and loads it anew; call after each change of a hook. The next event publishes
     * it: of many versions that are saved one after the other, Redis gets those that events came for.
     */
    async changed(triggerId: TriggerId): Promise<void> {
      known.delete(triggerId)
      await newest(hooksOf(triggerId))
    },
    /** Forgets everything; what is asked for next is loaded anew. */
    forget(): void {
      known.clear()
    },
    /** Loads everything anew; call when Redis came back, since it may have lost what was published. */
    async republish(): Promise<void> {
      known.clear()
      await Promise.all(TRIGGER_IDS.map(all))
    },
  }
}

export type EnabledHooks = ReturnType<typeof createEnabledHooks>
