import { AppError } from "@hooklane/core"
import { type Client, findClient, revokeClient, type Storage, verifyClient } from "@hooklane/storage"
import { createBoundedMap } from "./bounded-map.ts"
import { createTokenBuckets } from "./token-bucket.ts"

/** How long a client that another gateway revoked may still be let in. */
const ACTIVE_TTL_MS = 5_000
const MAX_KNOWN_CLIENTS = 10_000
/** Wrong secrets per client id: ten at once, then one every six seconds. A right one does not count. */
const FAILED_LOGINS = { burst: 10, perSecond: 1 / 6 }

/** Knows which clients may come in: by secret when they ask for a token, by id when they show one. */
export function createClientRegistry({ storage, now }: { storage: Storage; now: () => number }) {
  const failures = createTokenBuckets({ ...FAILED_LOGINS, now })
  const known = createBoundedMap<string, { isActive: boolean; askedAt: number }>(MAX_KNOWN_CLIENTS)

  return {
    /** @throws AppError access_denied; too_many_attempts after too many wrong secrets for this id */
    async login(id: string, secret: string): Promise<Client> {
      const { waitMs } = failures.look(id)
      if (waitMs > 0)
        throw new AppError("too_many_attempts", "Too many failed attempts", {
          retryAfterSeconds: waitMs / 1000,
        })
      const client = await verifyClient(storage, id, secret)
      if (client) return client
      failures.take(id)
      throw new AppError("access_denied", "Unauthorized")
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

export type ClientRegistry = ReturnType<typeof createClientRegistry>
