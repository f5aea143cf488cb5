import type { Snapshot, TriggerId } from "@hooklane/core"
import type { HookChanges } from "@hooklane/queue"
import type { EnabledHooks } from "./enabled-hooks.ts"

export interface SharedHooksDeps {
  /** What this gateway holds in memory. */
  hooks: EnabledHooks
  changes: HookChanges
}

/**
 * The enabled hooks of a database that other gateways change too. What is in memory counts only as long as nobody
 * has announced a change, which every event asks for. So a change that was answered is seen by the next event at any
 * gateway; one whose gateway died before it could answer is seen when the memory is refreshed.
 */
export function shareHooks({ hooks, changes }: SharedHooksDeps): EnabledHooks {
  let seen: string | undefined

  async function all(triggerId: TriggerId): Promise<Snapshot[]> {
    const mark = await changes.mark()
    // The mark is read first: a change in between is loaded now, and once more by the next event.
    if (mark !== seen) hooks.forget()
    seen = mark
    return hooks.all(triggerId)
  }

  return {
    ...hooks,
    all,
    async get(triggerId) {
      const [first] = await all(triggerId)
      return first
    },
    async changed(triggerId) {
      await Promise.all([changes.announce(), hooks.changed(triggerId)])
    },
  }
}
