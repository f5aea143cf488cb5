import { AppError } from "@hooklane/core"
import { type Client, findClient, revokeClient, type Storage, verifyClient } from "@hooklane/storage"
import { createBoundedMap } from "./bounded-map.ts"
import { createTokenBuckets } from "./token-bucket.ts"

/** How long a client that another gateway revoked may still be let in. */
const ACTIVE_TTL_MS = 5_000
const MAX_KNOWN_CLIENTS = 10_000
/** Wrong secrets per client id: ten at once, then one every six seconds. A right one does not count. */
const FAILED_LOGINS = { burst: 10, perSecond: 1 / 6 }
/**
 * Logins under ids that have not got in here before, all together: to check a secret takes some 80 ms, and ids cost
 * nothing to make up. Right ones do not count. Those who did get in are not held up by the others.
 */
const STRANGERS = { burst: 50, perSecond: 2 }

/** The key of a bucket that all share. */
const ALL = ""

/** Knows which clients may come in: by secret when they ask for a token, by id when they show one. */
export function createClientRegistry({ storage, now }: { storage: Storage; now: () => number }) {
  const failures = createTokenBuckets({ ...FAILED_LOGINS, now })
  const strangers = createTokenBuckets({ ...STRANGERS, now })
  const familiar = createBoundedMap<string, object>(MAX_KNOWN_CLIENTS)
  const known = createBoundedMap<string, { isActive: boolean; askedAt: number }>(MAX_KNOWN_CLIENTS)

  return {
    /** @throws AppError access_denied; too_many_attempts after too many wrong secrets, for this id or in all */
    async login(id: string, secret: string): Promise<Client> {
      refuseWhenEmpty(failures.look(id))
      const isStranger = !familiar.get(id)
      // Taken before the secret is checked: a thousand at once are a thousand checks as well.
      if (isStranger) refuseWhenEmpty(strangers.take(ALL))
      const client = await verifyClient(storage, id, secret)
      if (!client) {
        failures.take(id)
        throw new AppError("access_denied", "Unauthorized")
      }
      if (isStranger) strangers.giveBack(ALL)
      familiar.set(id, {})
      return client
    },

    async isActive(id: string): Promise<boolean> {
      const entry = known.get(id)
      if (entry && now() - entry.askedAt < ACTIVE_TTL_MS) return entry.isActive
      const askedAt = now()
      const isActive = (await findClient(storage, id)) !== undefined
      // Unless it was revoked here in the meantime.
      if (known.get(id) === entry) known.set(id, { isActive, askedAt })
      return isActive
    },

    /** Ends the client; its tokens stop working here at once. @throws AppError client_not_found */
    async revoke(id: string): Promise<void> {
      await revokeClient(storage, id)
      known.set(id, { isActive: false, askedAt: now() })
    },
  }
}

function refuseWhenEmpty({ isTaken = false, waitMs }: { isTaken?: boolean; waitMs: number }): void {
  if (isTaken || waitMs === 0) return
  throw new AppError("too_many_attempts", "Too many failed attempts", { retryAfterSeconds: waitMs / 1_000 })
}

export type ClientRegistry = ReturnType<typeof createClientRegistry>
