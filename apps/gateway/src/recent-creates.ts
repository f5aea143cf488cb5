import { isDeepStrictEqual } from "node:util"
import type { Hook } from "@hooklane/core"
import { findHook, getVersion, type NewHook, type Storage } from "@hooklane/storage"
import { createBoundedMap } from "./bounded-map.ts"

/** Clients give up after 5 to 10 s and try again at once. */
const REPEAT_MS = 60_000
const MAX_REMEMBERED = 1_000

/**
 * Which hooks were just made, and by whom: a client that gave up waiting for the npm packages of a hook sends it again,
 * and must not hear that the name is taken. Each gateway remembers what it made itself.
 */
export function createRecentCreates({ storage, now }: { storage: Storage; now: () => number }) {
  const made = createBoundedMap<string, { hookId: string; clientId: string; at: number }>(MAX_REMEMBERED)

  return {
    remember({ id: hookId, name }: Hook, clientId: string): void {
      made.set(name, { hookId, clientId, at: now() })
    },

    /** The hook that this client made within the last minute, if it has packages and is still exactly what is sent now. */
    async find(sent: NewHook, clientId: string): Promise<Hook | undefined> {
      const entry = made.get(sent.name)
      if (entry?.clientId !== clientId || now() - entry.at > REPEAT_MS) return undefined
      const hook = await findHook(storage, entry.hookId)
      if (!hook) return undefined
      const { id, ...is } = hook
      if (!isDeepStrictEqual(is, { dependencies: {}, enabled: false, ...sent })) return undefined
      const { buildStatus } = await getVersion(storage, id, 1)
      return buildStatus === "none" ? undefined : hook
    },
  }
}
